import { join } from 'node:path';
import type { ListInForce } from '../../../agent/record.ts';
import { createSealer } from '../../../agent/seal.ts';
import type { CollectorDeps } from '../../../collector/deps.ts';
import { fromBase64, toBase64, toHex } from '../../../shared/bytes.ts';
import { openCheckpoint } from '../../../shared/evidence/checkpoint.ts';
import { parseEnvelope } from '../../../shared/evidence/dsse.ts';
import { parseTargetList } from '../../../shared/measure/target-list.ts';
import { type EnrolContext, enrolled } from '../agents.ts';
import type { DemoState } from '../folder.ts';
import type { DemoSite } from '../sites.ts';
import type { Story } from '../story/script.ts';
import { createSiteSwitches } from '../switch/switches.ts';
import { fillHistory } from './fill.ts';
import { SiteHistory } from './history.ts';
import { createProgress, type Terminal } from './progress.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const RUN_ID_BYTES = 8;

export interface MakeHistoryOptions extends EnrolContext {
  /** Folder of the agents' state. */
  readonly agents: string;
  readonly state: DemoState;
  readonly story: Story;
  readonly sites: readonly DemoSite[];
  readonly now_ms: () => number;
  readonly mono_ms: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Plays the past of both offices into the collector; false if the signal ended it early. */
export async function makeHistory(options: MakeHistoryOptions): Promise<boolean> {
  const { state, sites, collector, now_ms, mono_ms, terminal, signal } = options;
  const start_ms = state.anchor_ms - state.days * DAY_MS;
  const histories: { history: SiteHistory; from_ms: number }[] = [];
  for (const site of sites) {
    histories.push(await historyOf(options, site, start_ms));
  }
  const first_ms = Math.min(...histories.map(({ from_ms }) => from_ms));
  const total = Math.max(0, Math.floor((now_ms() - first_ms) / MINUTE_MS));
  const progress = createProgress(terminal, total, mono_ms);
  let shown: readonly [number, number] = [0, 0];
  const done = await fillHistory({
    histories,
    submit: (body, recv_ms) => collector.ingest.submitBatch(body, { insecure: false, recv_ms }),
    breathe: () => judgeKeepsUp(collector, sites),
    now_ms,
    signal,
    onProgress: (minutes, batches) => {
      shown = [minutes, batches];
      progress.update(minutes, batches);
    },
  });
  progress.done(...shown);
  return done;
}

/** Continues where an interrupted start ended: the collector knows the chain's head. */
async function historyOf(
  { agents, collector, url, software, net, story, random }: MakeHistoryOptions,
  site: DemoSite,
  start_ms: number,
): Promise<{ history: SiteHistory; from_ms: number }> {
  const folder = join(agents, site.code, 'history');
  const { signer, origin, log, enrolment, logs } = await enrolled(site, folder, {
    ...{ collector, url, software, net },
  });
  const row = await collector.store.agent(site.code, site.agent);
  if (row === null) throw new TypeError(`agent ${site.agent} of ${site.code} is not enrolled`);
  const { epoch, seq, hash, closed_to_ms } = row;
  const goes_on = seq > 0 && closed_to_ms !== null;
  const from_ms = goes_on ? Math.ceil(closed_to_ms / MINUTE_MS) * MINUTE_MS : start_ms;
  const { log_key = '' } = logs.get(log) ?? {};
  const key = fromBase64(log_key);
  const { size } = openCheckpoint(collector.crypto, enrolment.checkpoint, log, key);
  const history = new SiteHistory({
    site,
    story,
    switches: createSiteSwitches(story, site, start_ms),
    sealer: createSealer({
      ...{ crypto: collector.crypto, signer, site: site.code, agent: site.agent, software },
      randomBytes: random,
    }),
    list: await listOf(collector, site),
    head: goes_on ? { epoch, seq, hash } : origin,
    seen: { log, size, checkpoint: enrolment.checkpoint },
    engine: { icmp: 'udp-echo 1', arp: 'none' },
    randomName: () => toHex(random(RUN_ID_BYTES)),
  });
  return { history, from_ms };
}

async function listOf(collector: CollectorDeps, site: DemoSite): Promise<ListInForce> {
  const row = await collector.store.targets(site.code, site.agent);
  if (row === null) throw new TypeError(`${site.code} has no target list`);
  const { version, targets } = parseTargetList(fromBase64(parseEnvelope(row.envelope).payload));
  return { version, hash: toBase64(row.hash), targets };
}

/** Reading a site waits until every committed batch of it is judged. */
async function judgeKeepsUp({ judge }: CollectorDeps, sites: readonly DemoSite[]): Promise<void> {
  for (const { code } of sites) await judge.current(code);
}
