import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadKeys } from '../../../../collector/keys.ts';
import type { DocumentItem } from '../../../../collector/ledger/types.ts';
import { toBase64, utf8 } from '../../../../shared/bytes.ts';
import { formatCheckpoint, parseCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import { signCosignature } from '../../../../shared/evidence/cosignature.ts';
import type { Signer } from '../../../../shared/evidence/crypto.ts';
import { type SignedDocuments, signDocument } from '../../../../shared/evidence/documents.ts';
import type { Anchor } from '../../../../shared/evidence/ledger-documents.ts';
import { timestampRequest } from '../../../../shared/evidence/timestamp/request.ts';
import { readTimestampResponse } from '../../../../shared/evidence/timestamp/response.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';
import type { Harness } from '../../../collector/harness.ts';
import {
  askFor,
  build,
  bundleDeps,
  type LongOffice,
  openLongOffice,
  SITE,
} from '../../../support/bundle-kit.ts';
import { createTimeAuthority, missingOpenssl } from '../../../support/time-authority.ts';
import { failedChecks, findings, told, verified } from '../../../support/verify-kit.ts';

const HOUR_MS = 3_600_000;
const crypto = createNodeCrypto();
let office: LongOffice;
let documentKey: Signer;

before(async () => {
  office = await openLongOffice();
  documentKey = loadKeys(office.harness.data_dir, { may_create: false }).document;
});

after(() => office.harness.close());

test('a bundle that begins with a day document is judged from there', async (t) => {
  for (const masked of [false, true]) {
    const period = office.third_day;
    const { zip } = await build(
      t,
      bundleDeps(office.harness),
      await askFor(office.harness, period, masked),
    );
    const verdict = await verified(zip);
    assert.deepEqual(failedChecks(verdict), [], told(verdict).join('\n'));
    assert.notEqual(verdict.carried_in, null, 'a day was carried in');
    assert.equal(verdict.manifest?.begin !== null, true);
  }
});

test('what an agent told behind the end of its stretch is passed over', async (t) => {
  const { harness, second_day } = office;
  // The first eight hours; the hole comes on the second day.
  const from_ms = second_day.from_ms - 28 * HOUR_MS;
  for (const masked of [false, true]) {
    const period = { from_ms, to_ms: from_ms + 8 * HOUR_MS };
    const { zip } = await build(t, bundleDeps(harness), await askFor(harness, period, masked));
    const verdict = await verified(zip);
    assert.equal(verdict.outcome, 'pass', told(verdict).join('\n'));
  }
});

test('days inside a bundle are computed again, a hole is named as a gap', async (t) => {
  const { harness, second_day, third_day } = office;
  const period = { from_ms: second_day.from_ms, to_ms: third_day.to_ms };
  const { zip } = await build(t, bundleDeps(harness), await askFor(harness, period));
  const verdict = await verified(zip);
  assert.equal(verdict.outcome, 'pass_with_gaps', told(verdict).join('\n'));
  const [hole] = findings(verdict, 'HOLE');
  assert.equal(hole?.detail.reason, 'spool_limit');
  const silent = findings(verdict, 'AGENT_SILENT').map(({ detail }) => detail);
  assert.equal(silent.length, 1, told(verdict).join('\n'));
  assert.equal(Number(silent[0]?.to_ms) - Number(silent[0]?.from_ms), 20 * 60_000);
  const documents = verdict.checks.find(({ id }) => id === 'documents');
  const days = documents?.counted.days ?? 0;
  assert.ok(days >= 1, 'a day was compared');
  assert.deepEqual(findings(verdict, 'DAYS_NOT_RECOMPUTED'), []);
  const hidden = await build(t, bundleDeps(harness), {
    ...(await askFor(harness, period)),
    masked: true,
  });
  const [left] = findings(await verified(hidden.zip), 'DAYS_NOT_RECOMPUTED');
  assert.equal(left?.detail.count, days, 'what is not compared is told');
});

test('a witness makes the policy’s quorum and bounds the times', async (t) => {
  const { harness, third_day } = office;
  const witness = generateSigner().signer;
  const name = 'finance.example/witness';
  const key = { name, publicKey: witness.publicKey };
  const deps = { ...bundleDeps(harness), witnesses: [{ name, key }] };
  const without = await build(t, deps, await askFor(harness, third_day));
  // A witness that has not answered yet is no fault of the report; an auditor may still ask for it.
  const young = await verified(without.zip);
  assert.deepEqual(failedChecks(young), [], told(young).join('\n'));
  assert.match(without.text('policy.txt'), /^quorum none$/m);
  const group = `group any any ${name}\nquorum any`;
  const asking = without.text('policy.txt').replace('quorum none', group);
  const missing = await verified(without.zip, { trust: asking });
  assert.deepEqual(failedChecks(missing), ['checkpoint'], told(missing).join('\n'));
  assert.equal(findings(missing, 'WITNESS_QUORUM').length, 1);

  const at_ms = Math.ceil(harness.clock.now_ms / 1_000) * 1_000;
  await anchor(harness, 'witness', name, (text) =>
    utf8(signCosignature(crypto, name, witness, text, at_ms)),
  );
  const unknown = { name, publicKey: generateSigner().signer.publicKey };
  const other = { ...bundleDeps(harness), witnesses: [{ name, key: unknown }] };
  const foreign = await build(t, other, await askFor(harness, third_day));
  assert.match(foreign.text('policy.txt'), /^quorum none$/m, 'another witness is not this one');
  const made = await build(t, deps, await askFor(harness, third_day));
  assert.match(made.text('policy.txt'), /^quorum any$/m);
  // A made-up collector brings its own witness: the quorum is there, but nobody outside spoke.
  const blind = await verified(made.zip);
  assert.deepEqual(failedChecks(blind), [], told(blind).join('\n'));
  assert.equal(findings(blind, 'ANCHOR_UNCHECKED')[0]?.detail.problem, 'candidate_witness');
  assert.deepEqual([blind.exposure.anchored_ms, blind.exposure.strong_batches], [null, 0]);

  const held = { trust: made.text('policy.txt') };
  const anchored = await verified(made.zip, held);
  assert.deepEqual(failedChecks(anchored), [], told(anchored).join('\n'));
  assert.equal(anchored.exposure.anchored_ms, at_ms);
  assert.equal(anchored.exposure.unanchored_from_ms, null);
  assert.equal(anchored.checks.find(({ id }) => id === 'anchor')?.status, 'ok');

  const early_ms = third_day.to_ms + 60_000;
  await anchor(harness, 'witness', name, (text) =>
    utf8(signCosignature(crypto, name, witness, text, early_ms)),
  );
  const again = async () => (await build(t, deps, await askFor(harness, third_day))).zip;
  const bounded = await verified(await again(), held);
  assert.deepEqual(failedChecks(bounded), ['time'], told(bounded).join('\n'));
  assert.ok(findings(bounded, 'TIME_AFTER_ANCHOR').length > 0);

  const stranger = generateSigner().signer;
  await anchor(harness, 'witness', name, (text) =>
    utf8(signCosignature(crypto, name, stranger, text, at_ms)),
  );
  const forged = await verified(await again(), held);
  assert.equal(findings(forged, 'ANCHOR_FALSE').length, 1, told(forged).join('\n'));
});

test('a time-stamp counts under the auditor’s root only', { skip: missingOpenssl() }, async (t) => {
  const { harness, third_day } = office;
  const authority = createTimeAuthority();
  t.after(() => authority.remove());
  await anchor(harness, 'rfc3161', 'tsa', (text) => {
    const nonce = new Uint8Array(8).fill(7);
    const reply = authority.reply(timestampRequest(crypto.sha256(utf8(text)), nonce));
    const { token } = readTimestampResponse(reply);
    if (token === null) throw new Error('the authority refused');
    return token;
  });
  const deps = bundleDeps(harness);
  const { zip } = await build(t, deps, await askFor(harness, third_day));
  const trusted = await verified(zip, { tsa_roots: [authority.root] });
  const stamped = trusted.exposure.anchored_ms ?? 0;
  assert.ok(Math.abs(stamped - Date.now()) < 60_000, told(trusted).join('\n'));
  const blind = await verified(zip);
  const unchecked = findings(blind, 'ANCHOR_UNCHECKED').map(({ detail }) => detail.problem);
  assert.ok(unchecked.includes('untrusted_root'), told(blind).join('\n'));
});

test('a key that is revoked later makes its batches doubtful, never a clean pass', async (t) => {
  const { harness, agent, third_day } = office;
  const { origin, size } = harness.deps.ledger.checkpoint();
  await leaf(
    harness,
    'revoke',
    { site: SITE, agent: agent.agent, epoch: 1 },
    {
      ...{ v: 1, log: origin, site: SITE, agent: agent.agent, epoch: 1 },
      agent_key: toBase64(agent.signer.publicKey),
      ...{ from_leaf: size - 40, reason: 'stolen', issued_ms: 1, author: 'admin' },
    },
  );
  const { zip } = await build(t, bundleDeps(harness), await askFor(harness, third_day));
  const verdict = await verified(zip);
  assert.equal(findings(verdict, 'KEY_REVOKED').length, 1, told(verdict).join('\n'));
  assert.equal(findings(verdict, 'SIGNED_DOUBTFUL').length, 1, told(verdict).join('\n'));
  assert.notEqual(verdict.outcome, 'pass');
});

/** Leafs an anchor over the newest head. */
async function anchor(
  harness: Harness,
  kind: Anchor['kind'],
  by: string,
  prove: (text: string) => Uint8Array,
): Promise<void> {
  const note = harness.deps.ledger.checkpoint().note;
  const { origin, size, root } = parseCheckpoint(`${note.split('\n').slice(0, 3).join('\n')}\n`);
  const proof = toBase64(prove(formatCheckpoint({ origin, size, root })));
  await leaf(
    harness,
    'anchor',
    { site: null, agent: null, epoch: 0 },
    {
      ...{ v: 1, log: origin, kind, by, size, root: toBase64(root), proof },
      ...{ issued_ms: 1, author: 'test' },
    },
  );
}

/** Signs a document and makes it a leaf. */
async function leaf<Kind extends 'anchor' | 'revoke'>(
  { deps, clock }: Harness,
  kind: Kind,
  of: Pick<DocumentItem, 'site' | 'agent' | 'epoch'>,
  said: SignedDocuments[Kind],
): Promise<void> {
  const text = signDocument(crypto, documentKey, kind, said);
  await deps.ledger.commit((unit) =>
    unit.appendDocument({ kind, ...of, seq: 0, text }, clock.now_ms),
  );
}
