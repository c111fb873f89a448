import assert from 'node:assert/strict';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { keyOf } from '../../agent/enrol/enrol-key.ts';
import { loadIdentity, saveEnrolment } from '../../agent/identity.ts';
import { rotateKey } from '../../agent/rotate-key.ts';
import { writeSecret } from '../../agent/secret-write.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { crypto, temporaryDir } from '../support/agent-kit.ts';
import { asNobody, NOBODY, needsRoot } from '../support/as-nobody.ts';
import { enrolledState } from '../support/enrolled-state.ts';

const IDENTITY = new URL('../../agent/identity.ts', import.meta.url).href;
const CRYPTO = new URL('../../shared/node/crypto.ts', import.meta.url).href;

/** What the agent finds when it starts as its own user. */
function agentKeyFor(state_dir: string): string {
  return asNobody(`
    const { loadIdentity } = await import('${IDENTITY}');
    const { createNodeCrypto } = await import('${CRYPTO}');
    const { signer } = loadIdentity('${state_dir}', createNodeCrypto());
    process.stdout.write(Buffer.from(signer.publicKey).toString('hex'));`);
}

test('commands of root leave a state that the user of the agent can read', needsRoot, async (t) => {
  const k = await enrolledState(t);
  await k.deliver(2);
  for (const name of ['', ...readdirSync(k.state_dir)]) {
    chownSync(join(k.state_dir, name), NOBODY, NOBODY);
  }
  const before = agentKeyFor(k.state_dir);
  rotateKey(k.state_dir, { crypto, wall_ms: () => 1_790_000_000_000 });
  const identity = loadIdentity(k.state_dir, crypto);
  const after = agentKeyFor(k.state_dir);
  assert.notEqual(after, before);
  assert.equal(after, Buffer.from(identity.signer.publicKey).toString('hex'));

  const fresh = temporaryDir(t);
  chownSync(fresh, NOBODY, NOBODY);
  keyOf(fresh);
  saveEnrolment(fresh, identity.enrolment);
  writeHeadHint(fresh, identity.origin);
  writeSecret(join(fresh, 'secrets'), 'ro-community', 'x');
  for (const dir of [k.state_dir, fresh, join(fresh, 'secrets')]) {
    for (const name of readdirSync(dir)) assert.equal(lstatSync(join(dir, name)).uid, NOBODY, name);
  }
});
