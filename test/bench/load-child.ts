/**
 * The agents of a load as a process of their own, so that their CPU does not count as the
 * collector's. Told once what to send; answers with what came back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Enrolment } from '../../agent/identity.ts';
import { identityOf } from '../../agent/identity.ts';
import type { ListInForce } from '../../agent/record.ts';
import type { SealedBatch } from '../../agent/seal.ts';
import { createNodeCrypto, signerFromPem } from '../../shared/node/crypto.ts';
import { BatchSender } from '../support/batch-sender.ts';
import { ModelledAgent } from '../support/modelled-agent.ts';

const MINUTE_MS = 60_000;

export interface LoadAgent {
  readonly enrolment: Enrolment;
  readonly pem: string;
  readonly list: ListInForce;
}

/** First message: what to get ready. */
export interface LoadOrder {
  readonly port: number;
  readonly agents: readonly LoadAgent[];
  /** Minutes that each agent has sealed, ending with the minute just gone. */
  readonly minutes: number;
}

/** Every further message. */
export interface LoadGo {
  /** `one`: each agent sends one batch, evenly spread; `all`: each empties its backlog. */
  readonly send: 'one' | 'all';
  readonly spread_ms: number;
}

export type LoadReport =
  | { readonly kind: 'prepared' }
  | {
      readonly kind: 'done';
      readonly took_ms: readonly number[];
      readonly refused: readonly string[];
      readonly batches: number;
      readonly elapsed_ms: number;
    };

interface Sending {
  readonly sender: BatchSender;
  readonly bodies: Uint8Array[];
}

function makeAgents({ port, agents, minutes }: LoadOrder, end_ms: number): Sending[] {
  const crypto = createNodeCrypto();
  return agents.map(({ enrolment, pem, list }, seed) => {
    const signer = signerFromPem(pem);
    const { site, agent, origin, log } = identityOf(enrolment, signer, crypto);
    const bodies: Uint8Array[] = [];
    const modelled = new ModelledAgent({
      ...{ site, agent, signer, list, origin, seed, start_ms: end_ms - minutes * MINUTE_MS },
      seen: () => ({ log, size: 1 }),
      put: (batch: SealedBatch) => bodies.push(batch.body),
    });
    for (let minute = 0; minute < minutes; minute += 1) modelled.minute();
    return { sender: new BatchSender(port), bodies };
  });
}

async function run(sendings: readonly Sending[], go: LoadGo): Promise<LoadReport> {
  const took_ms: number[] = [];
  const refused: string[] = [];
  const sendOne = async ({ sender, bodies }: Sending): Promise<void> => {
    const body = bodies.shift();
    if (body === undefined) return;
    try {
      const answer = await sender.send(body);
      if (answer.status === 200) took_ms.push(answer.took_ms);
      else refused.push(`${answer.status} ${answer.body.slice(0, 200)}`);
    } catch (error) {
      refused.push(String(error));
    }
  };
  const from_ms = performance.now();
  const all: Promise<void>[] = [];
  if (go.send === 'all') {
    const drain = async (sending: Sending): Promise<void> => {
      while (sending.bodies.length > 0) await sendOne(sending);
    };
    all.push(...sendings.map(drain));
  } else {
    const step_ms = go.spread_ms / sendings.length;
    for (const [at, sending] of sendings.entries()) {
      const wait_ms = from_ms + at * step_ms - performance.now();
      if (wait_ms > 1) await sleep(wait_ms);
      all.push(sendOne(sending));
    }
  }
  await Promise.all(all);
  const elapsed_ms = performance.now() - from_ms;
  return { kind: 'done', took_ms, refused, batches: took_ms.length, elapsed_ms };
}

let sendings: Sending[] = [];
process.on('message', async (message: LoadOrder | LoadGo) => {
  if ('send' in message) {
    process.send?.(await run(sendings, message));
    return;
  }
  const now_ms = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  sendings = makeAgents(message, now_ms);
  process.send?.({ kind: 'prepared' } satisfies LoadReport);
});
process.on('disconnect', () => process.exit());
