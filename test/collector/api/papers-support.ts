import assert from 'node:assert/strict';
import { fromUtf8, toBase64 } from '../../../shared/bytes.ts';
import { documentHash, documentType } from '../../../shared/evidence/documents.ts';
import { openEnvelope } from '../../../shared/evidence/dsse.ts';
import { decodeLeaf, type LeafKind } from '../../../shared/evidence/leaf.ts';
import type { Answer, Harness } from '../harness.ts';

export type Method = 'POST' | 'PUT';

/** Sends JSON to a path below `/api/v1/sites/`. */
export function write(
  harness: Harness,
  token: string,
  method: Method,
  path: string,
  payload?: object,
): Promise<Answer> {
  const url = `/api/v1/sites/${path}`;
  return harness.send({ method, url, ...(payload === undefined ? {} : { payload }) }, token);
}

export function leaves(harness: Harness): number {
  return harness.deps.ledger.checkpoint().size;
}

/**
 * The newest document of a kind, opened under the document key, after its leaf was compared with
 * it. Its audit row must be the newest one.
 */
export async function newest(harness: Harness, site: string, kind: LeafKind) {
  const { store, ledger, crypto, document_key } = harness.deps;
  const row = (await store.documents(site, kind)).at(-1);
  assert.ok(row, `a document ${kind}`);
  assert.equal(row.leaf, leaves(harness) - 1, 'the newest leaf is its leaf');
  const leaf = decodeLeaf(await ledger.leafBytes(row.log, row.leaf));
  assert.deepEqual([leaf.kind, leaf.site, leaf.agent], [kind, site, null]);
  assert.equal(toBase64(leaf.hash), toBase64(documentHash(crypto, row.text)));
  const payload = openEnvelope(crypto, row.text, documentType(kind), document_key.publicKey);
  const [audit] = await store.audit(1);
  assert.equal(audit?.site, site);
  assert.equal(JSON.parse(audit?.detail ?? '{}').leaf, row.leaf);
  const paper: Record<string, unknown> = JSON.parse(fromUtf8(payload));
  assert.equal(paper['author'], audit?.actor);
  assert.deepEqual([paper['log'], paper['site']], [ledger.checkpoint().origin, site]);
  return { paper, hash: toBase64(row.hash), leaf: row.leaf, action: audit?.action };
}

/** Runs what must be refused, and says that nothing was kept of it: no leaf and no audit row. */
export async function refusal(
  harness: Harness,
  send: () => Promise<Answer>,
): Promise<{ status: number; code: string; message: string; hint: string }> {
  const before = [leaves(harness), (await harness.deps.store.audit(1))[0]?.id];
  const { status, body, text } = await send();
  assert.ok(status >= 400, text);
  const { code, message, hint, request_id } = body.error;
  assert.ok(request_id.length >= 8 && hint.length > 0, text);
  const after = [leaves(harness), (await harness.deps.store.audit(1))[0]?.id];
  assert.deepEqual(after, before, 'a refusal leaves nothing');
  return { status, code, message, hint };
}
