import { PROOF_MS } from '../../../agent/deliver/prove.ts';
import type { ProcessFate } from '../../../agent/platform/linux-process.ts';
import type { ClockSync } from '../../../agent/platform/platform.ts';
import { STATUS_MS, type StatusFile } from '../../../agent/status/status.ts';
import { counted } from '../counted.ts';

/** List and clock come within seconds; who advises before that raises false alarms, ms. */
export const STARTING_MS = 30_000;
const STARTING_CODES: ReadonlySet<string> = new Set(['LIST_NONE', 'CLOCK_UNSYNCHRONISED']);
/** How an agent is started today; packages with a service of their own will say another one. */
const START = 'start it as before: lanproof agent --config agent.yml';
/** Three writings missed: the program hangs, or it ended where nobody can look. */
const STALE_MS = 3 * STATUS_MS + 5_000;
/** A batch is sealed each minute and leaves at once; ten of them waiting are no hiccup. */
const WAITING_MS_MAX = 10 * 60_000;
/** A proof is made each hour; a second one may have met a collector that restarted. */
const PROOF_AGE_MS_MAX = 3 * PROOF_MS;
/** Beyond this share the spool drops its oldest batches soon. */
const SPOOL_SHARE_MAX = 0.8;
/** Batches carry the agent's own time; a settable clock this far off confuses people, ms. */
const CLOCK_OFFSET_MS_MAX = 5_000;

export interface StatusNow {
  readonly status: StatusFile | undefined;
  readonly wall_ms: number;
  readonly monotonic_ms: number;
  readonly boot: string;
  readonly kernel: ClockSync;
  /** What became of the process that wrote the status. */
  readonly fate: ProcessFate;
}

export interface Trouble {
  /** Stable, upper case. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Assessment {
  readonly running: boolean;
  /** It began just now: what is missing may still come, and is not told as a trouble. */
  readonly starting: boolean;
  /** How long ago the status was written, ms; null where none was. */
  readonly age_ms: number | null;
  readonly troubles: readonly Trouble[];
}

/** What of a status needs a person. A problem that the agent has overcome is none. */
export function assess(now: StatusNow): Assessment {
  const { status } = now;
  if (status === undefined) {
    const message = 'no status yet: the agent has not run with this state directory';
    const hint = 'start it: lanproof agent --config agent.yml';
    const troubles = [{ code: 'AGENT_STOPPED', message, hint }];
    return { running: false, starting: false, age_ms: null, troubles };
  }
  const age_ms = ageOf(now, status);
  const fresh = age_ms !== undefined && age_ms < STALE_MS;
  const running = status.state !== 'stopped' && fresh && now.fate !== 'gone';
  const since_ms = age_ms ?? Math.max(0, now.wall_ms - status.written_ms);
  const all = [
    ...(running ? clockTroubles(status) : stoppedTroubles(now, status)),
    ...listTroubles(status),
    ...deliveryTroubles(status, now.wall_ms),
  ];
  const young = running && now.monotonic_ms - status.started_mono_ms < STARTING_MS;
  const troubles = young ? all.filter(({ code }) => !STARTING_CODES.has(code)) : all;
  const starting = troubles.length < all.length;
  return { running, starting, age_ms: Math.round(since_ms), troubles };
}

/** Undefined after a reboot, when the agent cannot have gone on running. */
function ageOf(now: StatusNow, status: StatusFile): number | undefined {
  // By the monotonic clock: somebody may have set the other one meanwhile.
  return status.boot === now.boot ? now.monotonic_ms - status.written_mono_ms : undefined;
}

function stoppedTroubles(now: StatusNow, status: StatusFile): Trouble[] {
  if (status.state === 'stopped') {
    return [{ code: 'AGENT_STOPPED', message: 'the agent was stopped', hint: START }];
  }
  if (status.boot !== now.boot) {
    const message = 'this machine was restarted and the agent has not started since';
    return [{ code: 'AGENT_STOPPED', message, hint: START }];
  }
  if (now.fate === 'gone') {
    const message = `process ${status.pid} ended without saying so: killed, or it crashed`;
    const hint = `its last log lines, and dmesg where memory ran out, say why; ${START}`;
    return [{ code: 'AGENT_DIED', message, hint }];
  }
  const what = now.fate === 'here' ? 'is there but' : 'cannot be seen from here and';
  const message = `process ${status.pid} ${what} writes no status`;
  const hint = 'look for a full disk (df) or wrong rights in state_dir, else restart the agent';
  return [{ code: 'AGENT_SILENT', message, hint }];
}

function clockTroubles({ clock }: StatusFile): Trouble[] {
  if (!clock.synchronised) {
    const message = 'no synchronised clock stands behind the times of the batches';
    const hint = 'apt install chrony, or see that the collector is reached: its time counts too';
    return [{ code: 'CLOCK_UNSYNCHRONISED', message, hint }];
  }
  const offset_ms = Math.abs(clock.offset_ms ?? 0);
  if (offset_ms <= CLOCK_OFFSET_MS_MAX) return [];
  const message = `the clock of this machine is ${(offset_ms / 1_000).toFixed(1)} s off`;
  const hint = 'the batches are right all the same; let chrony set the clock';
  return [{ code: 'CLOCK_OFF', message, hint }];
}

function listTroubles(status: StatusFile): Trouble[] {
  const { list, state } = status;
  if (list === null) {
    if (state !== 'waiting_for_list') return [];
    const message = 'the agent waits for its first target list and measures nothing';
    const hint = 'import the inventory of the site on the collector';
    return [{ code: 'LIST_NONE', message, hint }];
  }
  const count = list.refused.length + list.refused_more;
  if (count === 0) return [];
  const what = count === 1 ? '1 target or probe' : `${count} targets or probes`;
  const message = `${what} of list ${list.version} ${count === 1 ? 'is' : 'are'} not measured`;
  return [{ code: 'TARGETS_REFUSED', message, hint: 'see `refused`: each says what to do' }];
}

function deliveryTroubles(status: StatusFile, wall_ms: number): Trouble[] {
  const { spool, delivery_problem, last_problem, last_proof_ms } = status;
  const out: Trouble[] = [];
  if (delivery_problem !== '') {
    const known = last_problem?.code === delivery_problem ? last_problem : undefined;
    const hint = known?.hint ?? 'the log of the agent says more';
    out.push({ code: delivery_problem, message: known?.message ?? 'delivery is held up', hint });
  } else if (spool.oldest_ms !== null && status.written_ms - spool.oldest_ms > WAITING_MS_MAX) {
    const waiting = counted(spool.waiting, 'batch', 'batches');
    const message = `${waiting} ${spool.waiting === 1 ? 'waits' : 'wait'} for the collector`;
    out.push({ code: 'DELIVERY_BEHIND', message, hint: 'look at the WAN and at the collector' });
  }
  if (spool.held > 0) {
    const held = counted(spool.held, 'batch', 'batches');
    const message = `in memory only: ${held}; the disk refuses more`;
    out.push({ code: 'DISK_FULL', message, hint: 'make room where state_dir lies' });
  }
  if (spool.waiting > 0 && spool.bytes > SPOOL_SHARE_MAX * spool.bytes_max) {
    const message = 'the spool is nearly full; then its oldest batches are dropped';
    out.push({
      code: 'SPOOL_NEARLY_FULL',
      message,
      hint: 'restore the WAN or raise spool.bytes_max',
    });
  }
  const unproven = spool.sent_to > spool.proven_to && delivery_problem === '';
  if (unproven && last_proof_ms !== null && wall_ms - last_proof_ms > PROOF_AGE_MS_MAX) {
    const message = 'what was delivered has not been proven for hours';
    out.push({ code: 'PROOF_OLD', message, hint: 'the log of the agent says why' });
  }
  return out;
}
