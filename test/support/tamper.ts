/** Takes bundles apart and puts them together again, as somebody would who wants to deceive. */
import { createHash } from 'node:crypto';
import { concat, fromUtf8, toBase64, utf8 } from '../../shared/bytes.ts';
import { decodeBatches, encodeBatch } from '../../shared/evidence/bundle/batches.ts';
import { crc32 } from '../../shared/evidence/bundle/crc32.ts';
import { encodeStatement, parseStatement } from '../../shared/evidence/bundle/manifest.ts';
import { MANIFEST_NAME } from '../../shared/evidence/bundle/names.ts';
import {
  type BundleBatch,
  type BundleManifest,
  STATEMENT_PAYLOAD,
} from '../../shared/evidence/bundle/types.ts';
import {
  centralEntry,
  endRecord,
  layOut,
  localHeader,
} from '../../shared/evidence/bundle/zip-format.ts';
import { bytesSource, openZip } from '../../shared/evidence/bundle/zip-reading.ts';
import { batchHash, signBatch } from '../../shared/evidence/chain.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { payloadBytes } from '../../shared/evidence/verify/payload.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';

const crypto = createNodeCrypto();

/** Files by name. */
export type Parts = Map<string, Uint8Array>;

export async function takeApart(bundle: Uint8Array): Promise<Parts> {
  const parts: Parts = new Map();
  for (const { name, offset, size } of await openZip(bytesSource(bundle))) {
    parts.set(name, bundle.slice(offset, offset + size));
  }
  return parts;
}

/** A plain container, whatever is in it. */
export function putTogether(parts: Parts): Uint8Array {
  const names = [...parts.keys()].sort();
  const files = names.map((name) => ({ name, data: parts.get(name) ?? new Uint8Array() }));
  const { records, end } = layOut(
    files.map(({ name, data }) => ({ name, size: data.length, crc32: crc32(data) })),
  );
  const bodies = records.flatMap((record, at) => [
    localHeader(record),
    files[at]?.data ?? new Uint8Array(),
  ]);
  return concat(...bodies, ...records.map(centralEntry), endRecord(end));
}

/** The manifest says what is there, under the document key: what only the collector can do. */
export function resign(
  parts: Parts,
  documentKey: Signer,
  change: (manifest: BundleManifest) => BundleManifest = (manifest) => manifest,
): Uint8Array {
  const { manifest } = parseStatement(payloadBytes(textOf(parts, MANIFEST_NAME)));
  const subjects = [...parts]
    .filter(([name]) => name !== MANIFEST_NAME)
    .map(([name, data]) => ({ name, sha256: createHash('sha256').update(data).digest('hex') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const payload = encodeStatement({ subjects, manifest: change(manifest) });
  const envelope = signEnvelope(documentKey, STATEMENT_PAYLOAD, payload, crypto);
  parts.set(MANIFEST_NAME, utf8(serializeEnvelope(envelope)));
  return putTogether(parts);
}

export function textOf(parts: Parts, name: string): string {
  return fromUtf8(parts.get(name) ?? new Uint8Array());
}

/** Changes the text of a file. */
export function edit(parts: Parts, name: string, change: (text: string) => string): void {
  const before = textOf(parts, name);
  const after = change(before);
  if (after === before) throw new Error(`nothing was changed in ${name}`);
  parts.set(name, utf8(after));
}

/** Changes the lines of a file behind its first one. */
export function editLines(parts: Parts, name: string, change: (lines: string[]) => string[]): void {
  edit(parts, name, (text) => {
    const [head = '', ...lines] = text.trimEnd().split('\n');
    return `${[head, ...change(lines)].join('\n')}\n`;
  });
}

/** Changes the batches of the only file of batches. */
export function editBatches(
  parts: Parts,
  change: (batches: BundleBatch[]) => readonly BundleBatch[],
): void {
  const name = [...parts.keys()].find((one) => one.startsWith('batches/')) ?? '';
  const before = [...decodeBatches(parts.get(name) ?? new Uint8Array())];
  parts.set(name, concat(...change(before).map(encodeBatch)));
}

/** The batch with another header under this key, and its hash in base64. */
export function sealAgain(
  batch: BundleBatch,
  agentKey: Signer,
  change: (json: string) => string,
): { batch: BundleBatch; before: string; after: string } {
  const header = utf8(change(fromUtf8(batch.header)));
  const signature = signBatch(agentKey, header);
  return {
    batch: { ...batch, header, signature },
    before: toBase64(batchHash(crypto, batch.header)),
    after: toBase64(batchHash(crypto, header)),
  };
}
