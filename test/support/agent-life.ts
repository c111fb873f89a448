/** What becomes of an agent's keys, over HTTP as a person or the agent itself asks for it. */
import { toBase64 } from '../../shared/bytes.ts';
import { documentHash } from '../../shared/evidence/documents.ts';
import { signRequest } from '../../shared/evidence/request-auth.ts';
import { signRotate } from '../../shared/evidence/rotations.ts';
import { createNodeCrypto, generateSigner } from '../../shared/node/crypto.ts';
import type { Answer, Harness } from '../collector/harness.ts';
import { createTestAgent, type TestAgent } from './batches.ts';

const crypto = createNodeCrypto();

function good(answer: Answer): Answer {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return answer;
}

/** Revokes the agent's key from a leaf of the open log on. */
export async function revokeFrom(
  harness: Harness,
  { site, agent }: TestAgent,
  from_leaf: number,
): Promise<void> {
  const url = `/api/v1/sites/${site}/agents/${agent}/revoke`;
  const payload = { reason: 'stolen', from_leaf };
  good(await harness.send({ method: 'POST', url, payload }, await harness.token('admin')));
}

/** The agent goes on with another key in its epoch. */
export async function rotateKeyOf(harness: Harness, agent: TestAgent): Promise<void> {
  const { signer } = generateSigner();
  const rotate = signRotate(crypto, agent.signer, signer, {
    ...{ v: 1, site: agent.site, agent: agent.agent, epoch: agent.epoch, after_seq: agent.seq },
    old_key: toBase64(agent.signer.publicKey),
    new_key: toBase64(signer.publicKey),
    at_ms: agent.at_ms,
  });
  const url = '/api/v1/agents/self/rotate';
  const { nonce } = (await harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(crypto, signer, 'POST', url, nonce);
  const headers = { authorization };
  good(await harness.send({ method: 'POST', url, payload: { rotate }, headers }));
  agent.signer = signer;
}

/** The agent's machine is set up anew: a new key and the next epoch, from `start_ms` on. */
export async function enrolAnew(
  harness: Harness,
  former: TestAgent,
  start_ms: number,
): Promise<TestAgent> {
  const { site, agent: code } = former;
  const admin = await harness.token('admin');
  const ask = { method: 'POST', url: `/api/v1/sites/${site}/enrol-tokens` } as const;
  const made = await harness.send({ ...ask, payload: { agent: code, approve: true } }, admin);
  harness.clock.now_ms = Math.max(harness.clock.now_ms, start_ms);
  const agent = createTestAgent({ site, agent: code, start_ms, epoch: former.epoch + 1 });
  const public_key = toBase64(agent.signer.publicKey);
  const payload = { token: made.body.token, public_key, software: '0.1.0' };
  const url = '/api/v1/agents/enrol';
  const answer = good(await harness.send({ method: 'POST', url, payload }));
  agent.prev = documentHash(crypto, answer.body.enrol);
  agent.origin = former.origin;
  agent.list = former.list;
  agent.listHash = former.listHash;
  return agent;
}
