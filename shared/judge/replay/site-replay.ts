import { BUNDLE_AFTER_MS, BUNDLE_BEFORE_MS } from '../../evidence/bundle/types.ts';
import type { DeviceKind } from '../../measure/codes.ts';
import type { DayPaper } from '../../papers/types.ts';
import { closedOf } from '../closed.ts';
import { type LedgeredDocument, readSiteDocuments } from '../day/documents.ts';
import { localDayFrom, MARGIN_MS } from '../day/grid.ts';
import { cutWindow, judgeWindow } from '../day/judge-window.ts';
import type { JudgedWindow, SiteCarry, WindowAsk } from '../day/types.ts';
import { type WindowBounds, type WindowKnown, windowAsk, windowReach } from '../day/window-ask.ts';
import { createJudgeState, foldInput, openChunks } from '../judge.ts';
import type { AsOf, Judged } from '../period/judged.ts';
import { disown, type Revocation } from '../revoked.ts';
import type { Span } from '../spans.ts';
import type { JudgeInput } from '../types.ts';
import { judgedOf, wholeAtBegin } from './judged-of.ts';
import { createResumed } from './resume.ts';
import { Level1Rows } from './rows.ts';
import { knownTo } from './stretch.ts';

export interface ReplayAsk {
  readonly site: string;
  /** Whole UTC minutes. */
  readonly period: Span;
  /** As in the manifest: where judging begins. */
  readonly begin_ms: number;
  /** End of what is judged: min(as_of.to_ms, period.to_ms + BUNDLE_AFTER_MS). */
  readonly end_ms: number;
  /** Of the `day` paper at `begin_ms`; null: from the site's first batch. */
  readonly carry: DayPaper['carry'] | null;
  readonly as_of: AsOf;
  /** All papers of the site with a leaf below `as_of.size`. */
  readonly documents: readonly LedgeredDocument[];
  /** Devices of these kinds are not judged: their results are withheld. */
  readonly withheld_kinds: ReadonlySet<DeviceKind>;
  /** From which leaves on batches are not their agent's word; default: none. */
  readonly revocations?: readonly Revocation[];
  /** SHA-256 of a text as hex. */
  readonly sha256: (text: string) => string;
}

/** One complete local day, as judged. */
export interface ReplayedDay {
  readonly from_ms: number;
  readonly end_ms: number;
  readonly carry: SiteCarry;
  readonly kept: JudgedWindow;
}

export interface Replayed {
  readonly judged: Judged;
  readonly days: readonly ReplayedDay[];
}

export interface SiteReplay {
  /**
   * Inputs by ascending leaf ordinals: all documents of the site from its first leaf on, and the
   * batches of each agent's stretch (stretch.ts). What of an agent lies behind it is passed over.
   */
  feed(input: JudgeInput): void;
  /** Judges day by day; yields the end of each judged day, UTC ms. To be called once. */
  finish(): Generator<number, Replayed>;
}

/**
 * Judges a site's period out of inputs alone, in memory, with the collector's own functions. What a
 * judge that read all of the history remembers for longer than the margin is lost: docs/accounting
 * says what that is.
 */
export function createReplay(ask: ReplayAsk): SiteReplay {
  const { begin_ms, end_ms, carry } = ask;
  const state = createJudgeState();
  const rows = new Level1Rows(begin_ms - BUNDLE_BEFORE_MS);
  const resumed = carry === null ? null : createResumed(carry.devices);
  const begun = new Set<string>();
  const over = new Set<string>();

  const fold = (input: JudgeInput): void => rows.put(foldInput(state, input, { slots: false }));
  const foldBatch = (input: Extract<JudgeInput, { kind: 'batch' }>): void => {
    const known_ms = knownTo(input.header, input.recv_ms);
    const agent = state.agents[input.agent];
    const isFirst = !begun.has(input.agent);
    begun.add(input.agent);
    if (known_ms !== null && known_ms >= end_ms + BUNDLE_AFTER_MS) over.add(input.agent);
    const isBefore = known_ms !== null && known_ms < begin_ms - BUNDLE_BEFORE_MS;
    if (resumed === null || agent === undefined || !isFirst || !isBefore) {
      fold(input);
      return;
    }
    resumed.before(agent, input);
    fold(input);
    resumed.after(agent, rows);
  };

  return {
    feed(input) {
      if ('agent' in input && over.has(input.agent)) return;
      const told = disown(input, ask.revocations ?? []);
      if (told.kind === 'batch') foldBatch(told);
      else fold(withheldFrom(told, ask.withheld_kinds));
    },

    *finish() {
      const known: WindowKnown = {
        site: ask.site,
        windows: rows.windows((window) => resumed?.begun(window) ?? window),
        closed: closedOf(state),
        documents: readSiteDocuments(ask.documents),
        sha256: ask.sha256,
      };
      const open = openChunks(state);
      const about = (bounds: WindowBounds, from: SiteCarry | null): WindowAsk =>
        windowAsk(known, bounds, from, rows.read(windowReach(known, bounds), open));
      const days: ReplayedDay[] = [];
      const parts: JudgedWindow[] = [];
      const keep = (part: JudgedWindow, marks: JudgedWindow['marks']): void => {
        parts.push(parts.length === 0 ? wholeAtBegin(part, marks) : part);
      };
      let [from_ms, before]: [number, SiteCarry | null] = [begin_ms, carry];
      for (;;) {
        const day = localDayFrom(known.documents.calendar, from_ms);
        if (day.end_ms + MARGIN_MS > end_ms) break;
        const asked = about({ from_ms, to_ms: day.end_ms + MARGIN_MS }, before);
        const judged = judgeWindow(asked);
        const cut = cutWindow(asked, day.end_ms, judged);
        days.push({ from_ms, end_ms: day.end_ms, carry: cut.carry, kept: cut.kept });
        keep(cut.kept, judged.marks);
        [from_ms, before] = [day.end_ms, cut.carry];
        yield day.end_ms;
      }
      if (from_ms < end_ms) {
        const tail = judgeWindow(about({ from_ms, to_ms: end_ms }, before));
        keep(tail, tail.marks);
      }
      return { judged: judgedOf(ask, known, parts), days };
    },
  };
}

/** A list as if nothing was to be measured of its targets of these kinds. */
function withheldFrom(
  input: Exclude<JudgeInput, { kind: 'batch' }>,
  kinds: ReadonlySet<DeviceKind>,
): JudgeInput {
  if (input.kind !== 'targets' || kinds.size === 0) return input;
  const targets = input.list.targets.map((target) =>
    kinds.has(target.kind) ? { ...target, own: false } : target,
  );
  return { ...input, list: { ...input.list, targets } };
}
