import { PROOF_MS } from '../../../agent/deliver/prove.ts';
import type { ClockSync } from '../../../agent/platform/platform.ts';
import { STATUS_MS, type StatusFile } from '../../../agent/status/status.ts';

/** Three writings missed: the program does not run, or it hangs. */
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
  readonly alive: (pid: number) => boolean;
}

export interface Trouble {
  /** Stable, upper case. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Assessment {
  readonly running: boolean;
  /** How long ago the status was written, ms; null where none was. */
  readonly age_ms: number | null;
  readonly troubles: readonly Trouble[];
}

/** What of a status needs a person. A problem that the agent has overcome is none. */
export function assess(now: StatusNow): Assessment {
  const { status } = now;
  if (status === undefined) {
    const message = 'no status yet: the agent has not run with this state directory';
    const hint = 'start it: lanproof agent --config agent.yml, or systemctl start lanproof-agent';
    return { running: false, age_ms: null, troubles: [{ code: 'AGENT_STOPPED', message, hint }] };
  }
  const age_ms = ageOf(now, status);
  const running = status.state !== 'stopped' && age_ms !== undefined && age_ms < STALE_MS;
  const since_ms = age_ms ?? Math.max(0, now.wall_ms - status.written_ms);
  const troubles = [
    ...(running ? clockTroubles(status) : stoppedTroubles(now, status)),
    ...listTroubles(status),
    ...deliveryTroubles(status, now.wall_ms),
  ];
  return { running, age_ms: Math.round(since_ms), troubles };
}

/** Undefined after a reboot, when the agent cannot have gone on running. */
function ageOf(now: StatusNow, status: StatusFile): number | undefined {
  // By the monotonic clock: somebody may have set the other one meanwhile.
  return status.boot === now.boot ? now.monotonic_ms - status.written_mono_ms : undefined;
}

function stoppedTroubles(now: StatusNow, status: StatusFile): Trouble[] {
  const restart = 'systemctl status lanproof-agent, then start it';
  if (status.state === 'stopped') {
    return [{ code: 'AGENT_STOPPED', message: 'the agent was stopped', hint: restart }];
  }
  if (status.boot !== now.boot) {
    const message = 'this machine was restarted and the agent has not started since';
    return [{ code: 'AGENT_STOPPED', message, hint: 'systemctl enable --now lanproof-agent' }];
  }
  if (now.alive(status.pid)) {
    const message = `process ${status.pid} is there but writes no status`;
    const hint = 'look for a full disk (df) or wrong rights in state_dir, else restart the agent';
    return [{ code: 'AGENT_SILENT', message, hint }];
  }
  const message = 'the agent ended without saying so';
  return [{ code: 'AGENT_DIED', message, hint: 'journalctl -u lanproof-agent says why' }];
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
  const message = `${count} targets or probes of list ${list.version} are not measured`;
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
    const message = `${spool.waiting} batches wait for the collector`;
    out.push({ code: 'DELIVERY_BEHIND', message, hint: 'look at the WAN and at the collector' });
  }
  if (spool.held > 0) {
    const message = `${spool.held} batches are in memory only: the disk refuses them`;
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
