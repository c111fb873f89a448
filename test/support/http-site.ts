/** A collector that listens on loopback, with test agents whose batches go over HTTP. */

import { BATCH_CONTENT_TYPE } from '../../shared/measure/protocol.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  openHarness,
  START_MS,
} from '../collector/harness.ts';
import type { BatchOptions, TestAgent, TestBatch } from './batches.ts';

export const SITE = 'socson-hq';
export const NEIGHBOUR = 'dongphu-hq';
const MINUTE_MS = 60_000;

export interface Posted {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface SlotRun {
  readonly from_ms: number;
  readonly slots: number;
  readonly class: string;
  readonly code: string | null;
  readonly seq: number | null;
}

/** What must not change when something is refused. */
export interface Kept {
  readonly leaves: number;
  readonly batches: number;
  readonly seq: number;
}

export interface HttpSite {
  readonly harness: Harness;
  readonly agent: TestAgent;
  /** Another site's agent, whose chain must go on whatever the first one sends. */
  readonly neighbour: TestAgent;
  post(body: Uint8Array | string, type?: string): Promise<Posted>;
  /** Seals the next minute of `who`, moves the clock behind it and posts it. */
  minute(who: TestAgent, options?: BatchOptions): Promise<{ batch: TestBatch; answer: Posted }>;
  slots(from_ms: number, to_ms: number, device?: string): Promise<SlotRun[]>;
  kept(): Promise<Kept>;
  close(): Promise<void>;
}

export async function openHttpSite(): Promise<HttpSite> {
  const harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  await importSite(harness, NEIGHBOUR, 'xa-dong-phu');
  const agent = await enrolTestAgent(harness, SITE);
  const neighbour = await enrolTestAgent(harness, NEIGHBOUR);
  const operator = await harness.token('operator');
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const { store, ledger } = harness.deps;
  const post: HttpSite['post'] = async (body, type = BATCH_CONTENT_TYPE) => {
    const answer = await fetch(`${url}/api/v1/batches`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : Buffer.from(body),
    });
    return readAnswer(answer.status, await answer.text());
  };
  return {
    ...{ harness, agent, neighbour, post },
    async minute(who, options) {
      const batch = who.next(options);
      harness.clock.now_ms = Math.max(harness.clock.now_ms, who.at_ms + 500);
      return { batch, answer: await post(batch.body) };
    },
    async slots(from_ms, to_ms, device = 'gw') {
      const period = `from=${new Date(from_ms).toISOString()}&to=${new Date(to_ms).toISOString()}`;
      const path = `/api/v1/sites/${SITE}/slots?device=${device}&${period}`;
      const headers = { authorization: `Bearer ${operator}` };
      const answer = await fetch(url + path, { headers });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(text);
      return JSON.parse(text).runs;
    },
    async kept() {
      let batches = 0;
      for (const site of [SITE, NEIGHBOUR]) {
        const rows = await store.siteLeaves(site, { log: 0, leaf: -1 }, 100_000);
        batches += rows.filter((row) => row.batch !== null).length;
      }
      const row = await store.agent(SITE, agent.agent);
      return { leaves: ledger.checkpoint().size, batches, seq: row?.seq ?? -1 };
    },
    close: () => harness.close(),
  };
}

function readAnswer(status: number, text: string): Posted {
  const body = JSON.parse(text);
  const { code = '', message = '', hint = '' } = body.error ?? {};
  return { status, code, message, hint, body };
}

/** The UTC minute `index` minutes behind the agents' first one. */
export function minuteAt(index: number): number {
  return START_MS + index * MINUTE_MS;
}
