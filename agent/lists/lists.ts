import type { LanProofError } from '../../shared/errors.ts';
import type { ClockSample } from '../../shared/measure/batch.ts';
import type { AgentConfig } from '../config.ts';
import type { AgentApi } from '../deliver/api.ts';
import { Backoff } from '../deliver/backoff.ts';
import type { Engines } from '../engines.ts';
import type { Logger } from '../log.ts';
import type { Platform } from '../platform/platform.ts';
import { betweenTicks } from '../probe/start-phase.ts';
import type { ListInForce } from '../record/draft.ts';
import type { Recorder } from '../record.ts';
import type { SnmpSchedule } from '../schedule.ts';
import type { Spool } from '../spool.ts';
import type { Walk } from '../walk.ts';
import type { Whereabouts } from '../whereabouts/whereabouts.ts';
import { asError, identityOf, planWithin } from './list-plan.ts';
import type { Plan } from './plan.ts';
import type { CheckedList, TargetBook } from './targets.ts';

const MINUTE_MS = 60_000;
/** Without a hint of a newer list the agent asks this often, ms. */
const ASK_MS = 3_600_000;
/** How often the loop looks whether there is something to ask, ms. */
const LOOK_MS = 1_000;
/** Engines need this long to prepare the series that follow a device to its new address, ms. */
const MOVE_LEAD_MS = 100;

export interface ListsDeps {
  readonly config: AgentConfig;
  readonly platform: Platform;
  readonly book: TargetBook;
  readonly api: AgentApi;
  readonly log: Logger;
  readonly tell: (error: LanProofError) => void;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly onTime: (sample: ClockSample) => void;
}

export interface Parts {
  readonly recorder: Recorder;
  readonly walk: Walk;
  readonly engines: Engines;
  readonly schedule: SnmpSchedule;
  readonly whereabouts: Whereabouts;
  readonly spool: Spool;
}

/** Target lists from their arrival until they are in force. */
export class Lists {
  readonly #deps: ListsDeps;
  readonly #backoff: Backoff;
  #parts: Parts | undefined;
  #plan: Plan | undefined;
  #wanted = true;
  #asked_ms = Number.NEGATIVE_INFINITY;
  #notBefore_ms = Number.NEGATIVE_INFINITY;

  constructor(deps: ListsDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(deps.random);
  }

  get plan(): Plan | undefined {
    return this.#plan;
  }

  /** The list on disk, else the first one that the collector gives; undefined when stopped. */
  async first(
    signal: AbortSignal,
    sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  ): Promise<ListInForce | undefined> {
    const { book, api, tell, log, onTime } = this.#deps;
    try {
      const stored = book.load();
      if (stored !== undefined) return inForce(stored);
    } catch (error) {
      tell(asError(error));
    }
    while (!signal.aborted) {
      try {
        const fetched = await book.fetch(api, onTime, signal);
        if (fetched !== undefined) return inForce(fetched);
      } catch (error) {
        if (!signal.aborted) tell(asError(error));
      }
      log.info('waiting for the first target list');
      await sleep(this.#backoff.next_ms(), signal);
    }
    return undefined;
  }

  /** Begins with the list that `first` gave. A list that was in force before begins at once. */
  async begin(parts: Parts): Promise<void> {
    this.#parts = parts;
    const checked = this.#deps.book.current;
    if (checked === undefined) return;
    const { recorder, walk, spool, engines, schedule } = parts;
    const known = spool.meta('list_applied') === String(checked.list.version);
    if (!known) {
      const value = checked.list.version;
      // No list was in force before, so it holds from the minute that runs; its slots before the
      // first tick are honestly unknown.
      const utc_ms = Math.floor(walk.utc_ms / MINUTE_MS) * MINUTE_MS;
      recorder.event({ code: 'list_applied', value, utc_ms });
      spool.setMeta('list_applied', String(value));
    }
    const now_ms = Math.floor(this.#deps.platform.monotonic_ms());
    this.#plan = this.#planOf(checked, parts, now_ms);
    recorder.identity(identityOf(checked, parts.whereabouts));
    await this.#apply(engines, schedule, this.#plan, checked.list.version, now_ms);
  }

  /** A collector's answer names its newest list. */
  seen(version: number): void {
    if (version > (this.#deps.book.current?.list.version ?? 0)) this.#wanted = true;
  }

  /** Asks for a newer list when there is reason to; ms until the next look. */
  async step(signal: AbortSignal): Promise<number> {
    const { book, api, platform, onTime, tell } = this.#deps;
    const now_ms = platform.monotonic_ms();
    const due = this.#wanted || now_ms - this.#asked_ms > ASK_MS;
    if (!due || now_ms < this.#notBefore_ms || this.#parts?.walk.changing !== false) return LOOK_MS;
    try {
      const fetched = await book.fetch(api, onTime, signal);
      this.#asked_ms = now_ms;
      this.#wanted = false;
      this.#backoff.reset();
      if (fetched !== undefined) this.#change(fetched);
    } catch (error) {
      this.#notBefore_ms = now_ms + this.#backoff.next_ms();
      const problem = asError(error);
      const refused = /^(DSSE|TARGETS|LIST)_/.test(problem.code);
      if (refused) this.#parts?.recorder.event({ code: 'list_refused' });
      if (!signal.aborted) tell(problem);
    }
    return LOOK_MS;
  }

  /** Series start again after a new run, by its offset. */
  restart(): void {
    const { book, platform, tell } = this.#deps;
    const checked = book.current;
    if (this.#parts === undefined || this.#plan === undefined || checked === undefined) return;
    // A change under way starts its own series soon; the old ones go on until then.
    if (this.#parts.walk.changing) return;
    const { engines } = this.#parts;
    engines.apply(this.#plan, Math.floor(platform.monotonic_ms())).catch((error: unknown) => {
      tell(asError(error));
    });
  }

  /** Devices were found at other addresses: probes follow, and nobody's slots are lost. */
  moved(): void {
    const { book, platform, tell } = this.#deps;
    const checked = book.current;
    const parts = this.#parts;
    const before = this.#plan;
    if (checked === undefined || parts === undefined || parts.walk.changing) return;
    const now_ms = platform.monotonic_ms();
    const offset_ms = platform.wall_ms() - now_ms;
    const from_mono_ms = Math.ceil(betweenTicks(now_ms + MOVE_LEAD_MS, offset_ms));
    // What cannot be done was told when the list came.
    const plan = this.#planOf(checked, parts, from_mono_ms, () => undefined);
    this.#plan = plan;
    parts.engines.apply(plan, from_mono_ms).catch((error: unknown) => tell(asError(error)));
    const addresses = (of: Plan | undefined) =>
      of?.snmp.map(({ index, target }) => `${index} ${target.address}`).join();
    if (addresses(plan) === addresses(before)) return;
    parts.schedule
      .apply(plan.snmp, checked.list.version, from_mono_ms)
      .catch((error: unknown) => tell(asError(error)));
  }

  /** The announced list is in force: its names and addresses go into the next batch. */
  inForce(): void {
    const { book } = this.#deps;
    const checked = book.current;
    if (this.#parts === undefined || checked === undefined) return;
    this.#parts.recorder.identity(identityOf(checked, this.#parts.whereabouts));
    this.#parts.spool.setMeta('list_applied', String(checked.list.version));
  }

  #change(checked: CheckedList): void {
    const parts = this.#parts;
    if (parts === undefined) return;
    const from_mono_ms = parts.walk.announceList(inForce(checked));
    const plan = this.#planOf(checked, parts, from_mono_ms);
    this.#plan = plan;
    const { version } = checked.list;
    this.#deps.log.info({ version, targets: checked.list.targets.length }, 'a new target list');
    this.#apply(parts.engines, parts.schedule, plan, version, from_mono_ms).catch(
      (error: unknown) => this.#deps.tell(asError(error)),
    );
  }

  /** The work of a list from `from_mono_ms` on; what it may not do is told and signed. */
  #planOf(
    checked: CheckedList,
    { recorder, engines, whereabouts }: Parts,
    from_mono_ms: number,
    complain = (error: LanProofError, target?: number) => {
      const value = checked.list.version;
      recorder.event({ code: 'list_refused', value, ...(target === undefined ? {} : { target }) });
      this.#deps.tell(error);
    },
  ): Plan {
    const { config, platform } = this.#deps;
    const parts = { config, platform, engines, whereabouts };
    return planWithin(checked, parts, from_mono_ms, complain);
  }

  async #apply(
    engines: Engines,
    schedule: SnmpSchedule,
    plan: Plan,
    version: number,
    from_mono_ms: number,
  ): Promise<void> {
    try {
      await engines.apply(plan, from_mono_ms);
    } catch (error) {
      this.#parts?.recorder.event({ code: 'list_refused', value: version });
      this.#deps.tell(asError(error));
    }
    // While the old series ended, devices may have moved.
    await schedule.apply((this.#plan ?? plan).snmp, version, from_mono_ms);
  }
}

function inForce({ list, hash }: CheckedList): ListInForce {
  return { version: list.version, hash, targets: list.targets };
}
