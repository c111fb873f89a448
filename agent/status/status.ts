import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../shared/errors.ts';
import { isRefused, unreadable } from '../identity.ts';
import { markProcess, type ProcessMark } from '../platform/linux-process.ts';
import type { Platform } from '../platform/platform.ts';

/** In state_dir; written by the running agent for `lanproof agent status`. */
export const STATUS_FILE = 'status.json';
/** While nothing changes: ages and the sign of life are no older; a box's flash is spared, ms. */
export const STATUS_MS = 30_000;
/** What changes together is written together, and never more often than this, ms. */
export const STATUS_GAP_MS = 1_000;
const PRIVATE_MODE = 0o600;
/** Thousands of refused targets tell no more than these. */
export const REFUSED_MAX = 100;

/** One target or probe that this agent does not measure. */
export interface RefusedTarget {
  readonly target: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** A problem as it was told in the log; never a secret. */
export interface ToldProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly at_ms: number;
}

/** A device was found at another address, or two machines answered at one. */
export interface NoticedDevice {
  /** ADDRESS_MOVED, ADDRESS_DUPLICATE or MAC_CONFLICT. */
  readonly code: string;
  readonly device: string;
  readonly at_ms: number;
  /** All of them since the start, the last one included. */
  readonly count: number;
}

/** What the agent knows of itself at one moment. Times are UTC ms; null: not yet, or not known. */
export interface StatusFacts {
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly log: string;
  readonly enrolled_ms: number;
  /** Address of the collector that is asked next. */
  readonly collector: string;
  readonly run: string;
  readonly list: {
    readonly version: number;
    readonly targets: number;
    readonly measured: number;
    readonly refused: readonly RefusedTarget[];
    /** Refused ones beyond REFUSED_MAX. */
    readonly refused_more: number;
    readonly packets_per_s: number;
  } | null;
  readonly engines: Readonly<Record<string, string>> | null;
  readonly spool: {
    /** Batches that the collector has not acknowledged, and those of them only in memory. */
    readonly waiting: number;
    readonly held: number;
    readonly oldest_ms: number | null;
    readonly bytes: number;
    readonly bytes_max: number;
    readonly seq: number;
    readonly sent_to: number;
    readonly proven_to: number;
  };
  readonly last_delivery_ms: number | null;
  readonly last_proof_ms: number | null;
  readonly clock: {
    /** A synchronised sample stands behind the time of the batches. */
    readonly synchronised: boolean;
    /** Whose sample that is; null while not synchronised. */
    readonly source: 'collector' | 'chrony' | 'kernel' | 'none' | null;
    /** That time minus the settable clock, ms. */
    readonly offset_ms: number | null;
  };
  /** Code of what holds delivery up, '' if nothing does. */
  readonly delivery_problem: string;
  readonly last_problem: ToldProblem | null;
  /** What was noticed of devices since the start; no problem of the agent. */
  readonly noticed: NoticedDevice | null;
}

export interface StatusFile extends StatusFacts {
  readonly v: 1;
  readonly state: 'waiting_for_list' | 'measuring' | 'stopped';
  readonly software: string;
  readonly pid: number;
  /** Tells whether that process still runs; null where the system does not say. */
  readonly process: ProcessMark | null;
  /** When the agent started, by the monotonic clock of this boot. */
  readonly started_mono_ms: number;
  /** When it was written: by the settable clock, and by the monotonic one of this boot. */
  readonly written_ms: number;
  readonly written_mono_ms: number;
  readonly boot: string;
}

export interface StatusDeps {
  readonly state_dir: string;
  readonly software: string;
  readonly pid: number;
  readonly platform: Pick<Platform, 'wall_ms' | 'monotonic_ms' | 'bootId'>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly facts: () => StatusFacts;
}

/** Keeps the status file fresh while the agent runs; what cannot be written is left out. */
export class StatusKeeper {
  readonly #deps: StatusDeps;
  readonly #stopping = new AbortController();
  readonly #process: ProcessMark | null;
  #started_mono_ms = 0;
  #news = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: StatusDeps) {
    this.#deps = deps;
    this.#process = markProcess(deps.pid);
  }

  /** Writes now, STATUS_GAP_MS after a change and every STATUS_MS until `stop`. */
  start(): void {
    const { sleep, platform } = this.#deps;
    const { signal } = this.#stopping;
    this.#started_mono_ms = Math.round(platform.monotonic_ms());
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        this.#news = new AbortController();
        this.#write(false);
        await sleep(STATUS_MS, AbortSignal.any([signal, this.#news.signal]));
        if (this.#news.signal.aborted) await sleep(STATUS_GAP_MS, signal);
      }
    };
    this.#running = run();
  }

  /** Something that the status shows is different now. */
  changed(): void {
    this.#news.abort();
  }

  /** Ends the writing; the last word is that the agent was stopped. Safe to repeat. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#running;
    this.#write(true);
  }

  #write(stopped: boolean): void {
    const { state_dir, software, pid, platform, facts } = this.#deps;
    try {
      const known = facts();
      const running = known.list === null ? 'waiting_for_list' : 'measuring';
      const file: StatusFile = {
        v: 1,
        state: stopped ? 'stopped' : running,
        ...{ software, pid, process: this.#process, boot: platform.bootId() },
        started_mono_ms: this.#started_mono_ms,
        written_ms: Math.round(platform.wall_ms()),
        written_mono_ms: Math.round(platform.monotonic_ms()),
        ...known,
      };
      const path = join(state_dir, STATUS_FILE);
      // No fsync: the file says nothing that a restart needs, and it is written all the time.
      writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 1)}\n`, { mode: PRIVATE_MODE });
      renameSync(`${path}.new`, path);
    } catch {
      // A full disk is told by the spool; the status shows its age.
    }
  }
}

/**
 * The last status written, undefined where none was.
 * @throws LanProofError STATE_DIR_UNREADABLE, STATUS_UNREADABLE.
 */
export function readStatus(state_dir: string): StatusFile | undefined {
  const path = join(state_dir, STATUS_FILE);
  try {
    const status = JSON.parse(readFileSync(path, 'utf8')) as StatusFile;
    if (status.v === 1) return status;
    throw new TypeError(`version ${String(status.v)}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (isRefused(cause)) throw unreadable(path, cause);
    throw new LanProofError('STATUS_UNREADABLE', 'the status of the agent cannot be read', {
      hint: `delete it: a running agent writes it anew within ${STATUS_MS / 1_000} s`,
      place: path,
      cause,
    });
  }
}
