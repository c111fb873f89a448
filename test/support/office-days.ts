/** Days of the modelled office in a ledger, without the time that modelling each would take. */
import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { openEngine } from '../../collector/engine.ts';
import type { LedgerUnit } from '../../collector/ledger/types.ts';
import type { BatchRow } from '../../collector/store/rows.ts';
import type { Store } from '../../collector/store/store.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { batchHash, signBatch } from '../../shared/evidence/chain.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { encodeHeader, parseHeader } from '../../shared/measure/header.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { ModelledAgent } from './modelled-agent.ts';
import { officeInventory } from './office.ts';
import { type EnrolledAgent, openLedgerOf, prepareCollector } from './prepared-collector.ts';
import { deliverTogether, type SealedBatch, TURN_BATCHES } from './together.ts';

const DAY_MS = 86_400_000;
/** A local midnight of Vietnam: every local day is a whole one. */
const BEGIN_MS = Date.UTC(2025, 2, 2, 17);
const ARRIVES_MS = 5_000;
/** Only the log of a demo is told when batches came, so that many can come together. */
const ORIGIN = 'demo/office';
const crypto = createNodeCrypto();
/** Batches of one unit of work. */
const UNIT_BATCHES = 60;
const SEED = 7;

export interface OfficeDays {
  readonly batches: number;
  /** UTC ms at which the first day begins and the last one is over. */
  readonly begin_ms: number;
  readonly end_ms: number;
}

/** The newest batch of the chain. */
interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/**
 * Fills a data directory with `days` of an office of 60 devices and 5 polled switches. The first
 * day is measured, sealed, taken in and judged; the later ones are rows with its sections under
 * headers of their own days, a run each, chained and signed, and are not judged yet.
 */
export async function fillOffice(
  data_dir: string,
  site: string,
  days: number,
  begin_ms = BEGIN_MS,
): Promise<OfficeDays> {
  const clock = { now_ms: begin_ms };
  const now_ms = (): number => clock.now_ms;
  const offices = [officeInventory(site, 'large')];
  const [enrolled] = await prepareCollector(data_dir, offices, ORIGIN, now_ms);
  if (enrolled === undefined) throw new Error('nobody was enrolled');
  await oneDay(data_dir, enrolled, clock);
  const { store, ledger, close } = await openLedgerOf(data_dir, now_ms, ORIGIN);
  try {
    const first = await batchesOf(store, site);
    const last = first.at(-1);
    if (last === undefined) throw new Error('the first day has no batch');
    let head: Head = last;
    const { signer } = enrolled.identity;
    for (let day = 1; day < days; day += 1) {
      for (let at = 0; at < first.length; at += UNIT_BATCHES) {
        const rows = first.slice(at, at + UNIT_BATCHES);
        await ledger.commit(async (unit) => {
          for (const row of rows) head = await again(unit, row, head, signer, day);
        });
      }
    }
    const end_ms = begin_ms + days * DAY_MS;
    return { batches: first.length * days, begin_ms, end_ms };
  } finally {
    await close();
  }
}

/** A real day, through recorder, sealer, ingest and judge. */
async function oneDay(
  data_dir: string,
  { identity, list }: EnrolledAgent,
  clock: { now_ms: number },
): Promise<void> {
  const begin_ms = clock.now_ms;
  const engine = await openEngine({
    ...{ data_dir, origin: 'unused', logger: pino({ level: 'silent' }) },
    now_ms: () => clock.now_ms,
    crypto,
    mono_ms: () => performance.now(),
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
  });
  try {
    const { site, agent, log, signer, origin } = identity;
    const sealed: SealedBatch[] = [];
    const modelled = new ModelledAgent({
      ...{ site, agent, signer, list, origin, seed: SEED, start_ms: begin_ms },
      seen: () => ({ log, size: 1 }),
      put: ({ body }) => sealed.push({ body, recv_ms: modelled.utc_ms + ARRIVES_MS }),
    });
    while (modelled.utc_ms < begin_ms + DAY_MS) {
      modelled.minute();
      clock.now_ms = modelled.utc_ms + ARRIVES_MS;
      if (sealed.length < TURN_BATCHES && modelled.utc_ms < begin_ms + DAY_MS) continue;
      await deliverTogether(engine.deps.ingest, sealed.splice(0));
    }
  } finally {
    await engine.close();
  }
}

async function batchesOf(store: Store, site: string): Promise<BatchRow[]> {
  const leaves = await store.siteLeaves(site, { log: 0, leaf: -1 }, Number.MAX_SAFE_INTEGER);
  return leaves.flatMap(({ batch }) => (batch === null ? [] : [batch]));
}

/** The same minute of a later day: sections are in monotonic time, the header says the day. */
async function again(
  { tx, log, append }: LedgerUnit,
  row: BatchRow,
  head: Head,
  signer: Signer,
  day: number,
): Promise<Head> {
  const shift_ms = day * DAY_MS;
  const recv_ms = row.recv_ms + shift_ms;
  const seq = head.seq + 1;
  const old = parseHeader(row.header);
  const header = encodeHeader({
    ...old,
    seq,
    prev: toBase64(head.hash),
    run: `run-${day}`,
    boot: `boot-${day}`,
    sealed_ms: old.sealed_ms + shift_ms,
    closed_to_ms: old.closed_to_ms + shift_ms,
    clock: old.clock.map((sample) => ({ ...sample, wall_ms: sample.wall_ms + shift_ms })),
    events: old.events.filter(({ code }) => code !== 'list_applied'),
  });
  const key = { site: row.site, agent: row.agent, epoch: row.epoch, seq };
  const hash = batchHash(crypto, header);
  const signature = signBatch(signer, header);
  const leaf = await append({ kind: 'batch', ...key, hash, recv_ms });
  await tx.addBatch({ ...row, ...key, recv_ms, log, leaf, hash, header, signature });
  return { seq, hash };
}
