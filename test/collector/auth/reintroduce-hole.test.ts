import assert from 'node:assert/strict';
import test from 'node:test';
import { toBase64 } from '../../../shared/bytes.ts';
import type { Signer } from '../../../shared/evidence/crypto.ts';
import { type Hole, signDocument } from '../../../shared/evidence/documents.ts';
import { type Envelope, parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { signRequest } from '../../../shared/evidence/request-auth.ts';
import { signRotate } from '../../../shared/evidence/rotations.ts';
import { createNodeCrypto, generateSigner } from '../../../shared/node/crypto.ts';
import { enrolTestAgent, importSite, measure, openHarness } from '../harness.ts';

const SITE = 'socson-hq';
const PATH = '/api/v1/agents/reintroduce';
const crypto = createNodeCrypto();

interface Shown {
  readonly rotations: readonly Envelope[];
  readonly hole: string;
  readonly by: Signer;
}

test('a hole under an older key is taken with the rotations that prove its key, or not at all', async (t) => {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  const agent = await enrolTestAgent(harness, SITE);
  const { store, ledger } = harness.deps;
  await measure(harness, agent, 2);
  const [document] = await store.documents(SITE, 'enrol', agent.agent);
  const enrol = parseEnvelope(document?.text ?? '');
  // Behind batch 5 the second key, behind 7 the third one; the collector has heard of neither.
  const [first, second, third, thief] = [
    agent.signer,
    ...[1, 2, 3].map(() => generateSigner().signer),
  ];
  assert.ok(second !== undefined && third !== undefined && thief !== undefined);
  const place = { v: 1, site: SITE, agent: agent.agent, epoch: 1 } as const;
  const rotate = (old: Signer, made: Signer, after_seq: number): Envelope => {
    const keys = { old_key: toBase64(old.publicKey), new_key: toBase64(made.publicKey) };
    return signRotate(crypto, old, made, { ...place, after_seq, ...keys, at_ms: 1 });
  };
  const [one, two] = [rotate(first, second, 5), rotate(second, third, 7)];
  const hole = (from_seq: number, to_seq: number, by: Signer, more: Partial<Hole> = {}): string =>
    signDocument(crypto, by, 'hole', {
      ...{ ...place, from_seq, to_seq, reason: 'lost_disk', at_ms: 1 },
      ...{ next_prev: toBase64(new Uint8Array(32)), ...more },
    });
  const show = async (shown: Shown) => {
    const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
    const headers = { authorization: signRequest(crypto, shown.by, 'POST', PATH, nonce) };
    const { rotations } = shown;
    const payload = { enrol, targets: null, rotations, hole: parseEnvelope(shown.hole) };
    return harness.send({ method: 'POST', url: PATH, headers, payload });
  };
  const cut = { ...one, signatures: one.signatures.slice(1) };
  const both = [one, two];
  const refused: [string, Shown, number, string][] = [
    ['across the key', { rotations: both, hole: hole(3, 6, third), by: third }, 422, 'HOLE_UNFIT'],
    ['no rotation', { rotations: [], hole: hole(3, 4, first), by: first }, 422, 'HOLE_UNFIT'],
    [
      "another's",
      { rotations: both, hole: hole(3, 4, third, { agent: 'do-9' }), by: third },
      422,
      'HOLE_UNFIT',
    ],
    ['not the next', { rotations: both, hole: hole(4, 4, third), by: third }, 409, 'EXPECT'],
    [
      'a key between',
      { rotations: both, hole: hole(3, 4, second), by: third },
      401,
      'HOLE_FOREIGN',
    ],
    ['a thief', { rotations: both, hole: hole(3, 4, thief), by: third }, 401, 'HOLE_FOREIGN'],
    [
      "a thief's rotation",
      { rotations: [rotate(thief, third, 5)], hole: hole(3, 4, third), by: third },
      401,
      'ROTATE_FOREIGN',
    ],
    [
      'one signature',
      { rotations: [cut], hole: hole(3, 4, second), by: second },
      401,
      'ROTATE_FOREIGN',
    ],
    [
      'asked by another',
      { rotations: both, hole: hole(3, 4, third), by: thief },
      401,
      'SIGNATURE_INVALID',
    ],
  ];
  const { size } = ledger.checkpoint();
  for (const [what, shown, status, code] of refused) {
    const answer = await show(shown);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], what);
    assert.ok(answer.body.error.hint.length > 10);
  }
  assert.equal(ledger.checkpoint().size, size, 'nothing was leafed');

  const taken = await show({ rotations: both, hole: hole(3, 4, third), by: third });
  assert.deepEqual([taken.status, taken.body.expect], [200, { epoch: 1, seq: 5 }]);
  const leaves = await store.leaves(ledger.checkpoint().log, size, ledger.checkpoint().size);
  assert.deepEqual(
    leaves.map(({ kind }) => kind),
    ['rotate', 'rotate', 'hole'],
  );
  const row = await store.agent(SITE, agent.agent);
  assert.deepEqual(row?.key, first.publicKey, 'batch 5 is still to come under it');

  // Told of the third key, the collector does not go by the second one any more.
  const older = await show({ rotations: [one], hole: hole(5, 5, second), by: second });
  assert.deepEqual([older.status, older.body.error.code], [401, 'ROTATE_FOREIGN']);
  // The last batch of a key: the next one is in force at once, and so on.
  await show({ rotations: both, hole: hole(5, 5, third), by: third });
  assert.deepEqual((await store.agent(SITE, agent.agent))?.key, second.publicKey);
  const last = await show({ rotations: both, hole: hole(6, 7, third), by: third });
  assert.equal(last.body.expect.seq, 8);
  const after = await store.agent(SITE, agent.agent);
  assert.deepEqual([after?.seq, after?.key], [7, third.publicKey]);
  assert.equal((await store.documents(SITE, 'rotate', agent.agent)).length, 2);
  const again = await show({ rotations: both, hole: hole(6, 7, third), by: third });
  assert.deepEqual([again.status, again.body.expect.seq], [409, 8], 'the answer was lost');
});
