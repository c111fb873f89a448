import type { ListInForce } from '../../../agent/record.ts';
import type { Sealer, SealFacts } from '../../../agent/seal.ts';
import type { ChainHead } from '../../../shared/evidence/chain.ts';
import type { BatchHeader, SealCause } from '../../../shared/measure/batch.ts';
import type { DemoSite } from '../sites.ts';
import { powerAt, wanAt } from '../story/scenario.ts';
import type { Story } from '../story/script.ts';
import type { SiteSwitches } from '../switch/switches.ts';
import { ModelledRun } from './history-run.ts';

const MINUTE_MS = 60_000;
/** A batch is sealed when the last time-outs of its minute are over. */
const SEALED_AFTER_MS = 1_250;
/** Delivery on a good line. */
const SENT_AFTER_MS = 1_000;
/** After a WAN cut batches arrive one after the other. */
const BACKLOG_STEP_MS = 150;

export interface HistoryDeps {
  readonly site: DemoSite;
  readonly story: Story;
  readonly switches: SiteSwitches;
  readonly sealer: Sealer;
  readonly list: ListInForce;
  /** The newest batch that the collector has, or the enrolment. */
  readonly head: ChainHead;
  readonly seen: BatchHeader['seen'];
  readonly engine: BatchHeader['engine'];
  readonly randomName: () => string;
}

/** A sealed batch of the past and the moment at which it reached the collector. */
export interface ModelledBatch {
  readonly body: Uint8Array;
  /** UTC epoch ms. */
  readonly recv_ms: number;
  /** It waited for the WAN. */
  readonly late: boolean;
}

/**
 * The agent of one site in the past: everything from the recorder on is the agent's own code,
 * only clocks and answers come from the script.
 */
export class SiteHistory {
  readonly #deps: HistoryDeps;
  #head: ChainHead;
  #run: ModelledRun | undefined;
  #recv_ms = 0;
  /** The note itself stands in the first batch only, as it does not change. */
  #seen: BatchHeader['seen'];

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
    this.#head = deps.head;
    this.#seen = deps.seen;
  }

  get site(): DemoSite {
    return this.#deps.site;
  }

  /**
   * The batch of the minute that begins at `minute_ms` (UTC, whole, rising from call to call);
   * undefined while the agent's machine has no power. `end_ms` ends the last, shorter one.
   */
  next(minute_ms: number, end_ms = minute_ms + MINUTE_MS): ModelledBatch | undefined {
    const { site, story, switches } = this.#deps;
    if (!powerAt(story, site, minute_ms).on) {
      // What the open batch held is lost with the power, as it would be.
      this.#run = undefined;
      return undefined;
    }
    switches.tell(end_ms);
    this.#run ??= new ModelledRun(this.#deps, minute_ms);
    const last = end_ms < minute_ms + MINUTE_MS;
    return this.#seal(this.#run, minute_ms, end_ms, last ? 'stop' : 'minute');
  }

  #seal(run: ModelledRun, minute_ms: number, end_ms: number, cause: SealCause): ModelledBatch {
    const { sealer, engine } = this.#deps;
    const sealed_ms = end_ms + (cause === 'stop' ? 0 : SEALED_AFTER_MS);
    const draft = run.minute(minute_ms, end_ms, sealed_ms, cause === 'stop');
    const { boot, id, clock } = run.facts(sealed_ms);
    const seen = this.#seen;
    const facts: SealFacts = { cause, sealed_ms, boot, run: id, clock, seen, engine };
    const batch = sealer.seal(draft, facts, this.#head);
    this.#head = { epoch: batch.epoch, seq: batch.seq, hash: batch.hash };
    this.#seen = { log: seen.log, size: seen.size };
    const recv_ms = this.#arrival(sealed_ms);
    return { body: batch.body, recv_ms, late: recv_ms > sealed_ms + SENT_AFTER_MS };
  }

  #arrival(sealed_ms: number): number {
    const { story, site } = this.#deps;
    const wan = wanAt(story, site, sealed_ms);
    const straight_ms = wan.on ? sealed_ms + SENT_AFTER_MS : wan.until_ms;
    this.#recv_ms = Math.max(straight_ms, this.#recv_ms + BACKLOG_STEP_MS);
    return this.#recv_ms;
  }
}
