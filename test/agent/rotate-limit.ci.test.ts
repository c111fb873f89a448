import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { KEY_FILE, loadIdentity, saveEnrolment } from '../../agent/identity.ts';
import { rotateKey } from '../../agent/rotate-key.ts';
import { toBase64 } from '../../shared/bytes.ts';
import type { Envelope } from '../../shared/evidence/dsse.ts';
import { ROTATIONS_MAX, signRotate } from '../../shared/evidence/rotations.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { crypto } from '../support/agent-kit.ts';
import { enrolledState, SITE } from '../support/enrolled-state.ts';

const deps = { crypto, wall_ms: () => 1_790_000_000_000 };

test('an epoch has so many keys, which a collector takes in one request', async (t) => {
  const k = await enrolledState(t);
  await k.deliver(1);
  const { enrolment, signer } = loadIdentity(k.state_dir, crypto);
  let old = signer;
  const rotations: Envelope[] = [];
  for (let at = 1; at < ROTATIONS_MAX; at++) {
    const made = generateSigner();
    const keys = { old_key: old.publicKey, new_key: made.signer.publicKey };
    rotations.push(
      signRotate(crypto, old, made.signer, {
        ...{ v: 1, site: SITE, agent: 'do-1', epoch: 1, after_seq: 1, at_ms: 1 },
        ...{ old_key: toBase64(keys.old_key), new_key: toBase64(keys.new_key) },
      }),
    );
    old = made.signer;
    writeFileSync(join(k.state_dir, KEY_FILE), made.pem, { mode: 0o600 });
  }
  saveEnrolment(k.state_dir, { ...enrolment, rotations });
  rotateKey(k.state_dir, deps);
  assert.equal(loadIdentity(k.state_dir, crypto).rotations.length, ROTATIONS_MAX);
  assert.throws(() => rotateKey(k.state_dir, deps), { code: 'ROTATE_LIMIT' });
  await k.deliver(1);
  const { store } = k.harness.deps;
  assert.equal((await store.documents(SITE, 'rotate', 'do-1')).length, ROTATIONS_MAX);
  const row = await store.agent(SITE, 'do-1');
  assert.deepEqual(row?.key, loadIdentity(k.state_dir, crypto).signer.publicKey);
  assert.equal(row?.seq, 2);
  assert.deepEqual(k.problems, []);
});
