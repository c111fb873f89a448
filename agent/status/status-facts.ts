import type { RunClock } from '../clock.ts';
import type { AgentConfig } from '../config.ts';
import type { Delivery } from '../deliver/delivery.ts';
import type { Identity } from '../identity.ts';
import type { Lists } from '../lists/lists.ts';
import type { Plan } from '../lists/plan.ts';
import type { Measuring } from '../measuring.ts';
import type { Platform } from '../platform/platform.ts';
import {
  type NoticedDevice,
  REFUSED_MAX,
  type RefusedTarget,
  readStatus,
  type StatusFacts,
  type StatusFile,
  type ToldProblem,
} from './status.ts';

export interface StatusSources {
  readonly config: AgentConfig;
  readonly identity: Identity;
  readonly platform: Platform;
  readonly clock: RunClock;
  readonly delivery: Delivery;
  readonly lists: Lists;
  readonly measuring: () => Measuring | undefined;
  /** UTC ms by the run's offset. */
  readonly utc_ms: () => number;
  /** Something that the status shows is different now. */
  readonly changed: () => void;
}

/** Remembers what the parts of the agent forget: when it last delivered, proved, had a problem. */
export class StatusBook {
  readonly #sources: StatusSources;
  #delivered_ms: number | null;
  #proven_ms: number | null;
  #proven_to: number;
  #problem: ToldProblem | null = null;
  #noticed: NoticedDevice | null = null;

  constructor(sources: StatusSources) {
    this.#sources = sources;
    const before = earlier(sources);
    this.#delivered_ms = before?.last_delivery_ms ?? null;
    this.#proven_ms = before?.last_proof_ms ?? null;
    this.#proven_to = sources.delivery.spool.marks.proven_to;
  }

  delivered(utc_ms: number): void {
    this.#delivered_ms = Math.round(utc_ms);
    this.#sources.changed();
  }

  told(problem: Omit<ToldProblem, 'at_ms'>): void {
    const { code, message, hint } = problem;
    this.#problem = { code, message, hint, at_ms: Math.round(this.#sources.utc_ms()) };
    this.#sources.changed();
  }

  /** A device has moved, or others answer for it. */
  noticed(code: string, device: string): void {
    const at_ms = Math.round(this.#sources.utc_ms());
    this.#noticed = { code, device, at_ms, count: (this.#noticed?.count ?? 0) + 1 };
    this.#sources.changed();
  }

  /** UTC ms at which a proof was first seen to have been checked; null: never. */
  get proven_ms(): number | null {
    const { proven_to } = this.#sources.delivery.spool.marks;
    if (proven_to > this.#proven_to) this.#proven_ms = Math.round(this.#sources.utc_ms());
    this.#proven_to = proven_to;
    return this.#proven_ms;
  }

  get refused(): readonly RefusedTarget[] {
    const { lists, delivery } = this.#sources;
    const targets = delivery.book.current?.list.targets ?? [];
    return (lists.plan?.refused ?? []).map(({ index, code, message, hint }) => ({
      target: targets[index]?.code ?? String(index),
      ...{ code, message, hint },
    }));
  }

  /** Time of the batches minus the settable clock, ms; null before the first sample. */
  get clock_offset_ms(): number | null {
    const { clock, platform } = this.#sources;
    if (clock.offset_ms === undefined) return null;
    return Math.round(clock.offset_ms - (platform.wall_ms() - platform.monotonic_ms()));
  }

  facts(): StatusFacts {
    const { config, identity, clock, delivery, measuring } = this.#sources;
    const { site, agent, epoch, log, issued_ms } = identity;
    const { spool, http, deliverer } = delivery;
    const running = measuring();
    return {
      ...{ site, agent, epoch, log, enrolled_ms: issued_ms, collector: http.url },
      run: running?.walk.run ?? '',
      list: this.#list(),
      engines: running?.engines.names ?? null,
      spool: {
        ...{ waiting: spool.waiting, held: spool.held, oldest_ms: spool.oldest_waiting_ms ?? null },
        ...{ bytes: spool.used_bytes, bytes_max: config.spool.bytes_max, seq: spool.head.seq },
        ...spool.marks,
      },
      last_delivery_ms: this.#delivered_ms,
      last_proof_ms: this.proven_ms,
      clock: {
        ...{ synchronised: clock.synchronised, source: clock.source },
        offset_ms: this.clock_offset_ms,
      },
      delivery_problem: deliverer.problem,
      last_problem: this.#problem,
      noticed: this.#noticed,
    };
  }

  #list(): StatusFacts['list'] {
    const { lists, delivery } = this.#sources;
    const list = delivery.book.current?.list;
    const plan = lists.plan;
    if (list === undefined || plan === undefined) return null;
    const refused = this.refused;
    return {
      version: list.version,
      targets: list.targets.length,
      measured: measuredTargets(plan),
      refused: refused.slice(0, REFUSED_MAX),
      refused_more: Math.max(0, refused.length - REFUSED_MAX),
      packets_per_s: plan.packets_per_s,
    };
  }
}

/** Targets that at least one engine was told of. */
export function measuredTargets(plan: Plan): number {
  const { refused: _refused, packets_per_s: _packets, ...parts } = plan;
  return new Set(Object.values(parts).flatMap((part) => part.map(({ index }) => index))).size;
}

/** The status of the run before, if it can be read and is of the same enrolment. */
function earlier({ config, identity }: StatusSources): StatusFile | undefined {
  try {
    const status = readStatus(config.state_dir);
    return status?.epoch === identity.epoch && status.log === identity.log ? status : undefined;
  } catch {
    return undefined;
  }
}
