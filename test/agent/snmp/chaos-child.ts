/**
 * The poller's side of chaos.test.ts, in a process of its own: what it is sent must not end it, and
 * its memory is measured after a forced collection. Speaks with its parent by messages.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { STATUS_COLUMNS } from '../../../agent/snmp/if-mib.ts';
import { type DevicePoll, pollDevice } from '../../../agent/snmp/poll.ts';
import { placeOf } from '../../../agent/snmp/request.ts';
import { openSession, type SnmpSession } from '../../../agent/snmp/session.ts';
import type { SnmpTarget } from '../../../agent/snmp/target.ts';

export interface ChaosPlan {
  readonly healthy: SnmpTarget;
  readonly faulty: readonly { readonly name: string; readonly target: SnmpTarget }[];
  /** Devices that answer every request with many damaged answers, and how many to take. */
  readonly mutants: readonly { readonly target: SnmpTarget; readonly datagrams: number }[];
  readonly healthy_ports: number;
  readonly poll_ms_max: number;
}

export interface ChaosReport {
  readonly healthy_polls: number;
  readonly healthy_lost: number;
  readonly faulty: readonly { readonly name: string; readonly ms: number; readonly said: string }[];
  readonly damaged: number;
  readonly grown_bytes: number;
}

/** Compiles the code and fills the caches before memory is measured, datagrams. */
const WARM_UP = 4_000;
const HEALTHY_PAUSE_MS = 100;
const STATUS = STATUS_COLUMNS.map(({ oid }) => oid);

const now_ms = (): number => performance.now();
const wants = { status: true, traffic: 'all', identity: false } as const;

function saidBy(poll: DevicePoll): string {
  const parts = [poll.system, poll.status, poll.traffic];
  const failed = parts.find((part) => part !== undefined && !part.ok);
  if (failed !== undefined && !failed.ok) return failed.failed;
  return parts.some((part) => part?.ok && 'truncated' in part && part.truncated) ? 'cut' : 'ok';
}

/** Polls the healthy device until told to stop; a poll counts as lost unless it is complete. */
function watchHealthy(plan: ChaosPlan) {
  const session = openSession(plan.healthy, { now_ms });
  const stop = new AbortController();
  const counts = { polls: 0, lost: 0 };
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const poll = await pollDevice(session, wants, AbortSignal.timeout(5_000));
      counts.polls++;
      const rows = poll.status?.ok === true ? poll.status.columns.ifOperStatus?.size : 0;
      if (saidBy(poll) !== 'ok' || rows !== plan.healthy_ports) counts.lost++;
      await sleep(HEALTHY_PAUSE_MS);
    }
    session.close();
  };
  const done = run();
  return {
    counts,
    end: (): Promise<void> => {
      stop.abort();
      return done;
    },
  };
}

async function askEach(session: SnmpSession, turn: number): Promise<void> {
  const deadline = AbortSignal.timeout(1_000);
  const columns = STATUS.slice(0, 1 + (turn % 4));
  if (turn % 3 === 0)
    await session.get(
      columns.map((oid) => `${oid}.1`),
      deadline,
    );
  else if (turn % 3 === 1) await session.getNext(columns, deadline);
  else await session.getBulk(columns.map(placeOf), 1 + (turn % 5), deadline);
}

/** Asks until so many damaged datagrams came; answers that are whole are at most one a request. */
async function bombard(target: SnmpTarget, datagrams: number): Promise<number> {
  const session = openSession(target, { now_ms, timeout_ms: 60, retries: 0 });
  const damaged = (): number => {
    const { received, garbage, sent } = session.counts;
    return received + garbage - sent;
  };
  for (let turn = 0; damaged() < datagrams; turn++) await askEach(session, turn);
  session.close();
  return damaged();
}

async function memory(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function run(plan: ChaosPlan): Promise<ChaosReport> {
  const healthy = watchHealthy(plan);
  for (const { target } of plan.mutants) await bombard(target, WARM_UP / plan.mutants.length);
  const before = await memory();
  const faulty = await Promise.all(
    plan.faulty.map(async ({ name, target }) => {
      const session = openSession(target, { now_ms, timeout_ms: 500 });
      const started = now_ms();
      const poll = await pollDevice(session, wants, AbortSignal.timeout(plan.poll_ms_max));
      session.close();
      return { name, ms: now_ms() - started, said: saidBy(poll) };
    }),
  );
  const all = await Promise.all(
    plan.mutants.map(({ target, datagrams }) => bombard(target, datagrams)),
  );
  await healthy.end();
  return {
    healthy_polls: healthy.counts.polls,
    healthy_lost: healthy.counts.lost,
    faulty,
    damaged: all.reduce((sum, one) => sum + one, 0),
    grown_bytes: (await memory()) - before,
  };
}

process.on('message', (plan: ChaosPlan) => {
  void run(plan).then((report) => {
    process.send?.(report);
    process.disconnect();
  });
});
