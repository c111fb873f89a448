/** Replays out of a collector's store: what a bundle would hold of it, and nothing else. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createHandover } from '../../../../collector/judge/handover.ts';
import { type InputSource, toInput } from '../../../../collector/judge/inputs.ts';
import type { JudgeReader } from '../../../../collector/judge/read-types.ts';
import { type DraftDeps, draftDay, payloadOf } from '../../../../collector/papers/day/draft.ts';
import { availabilityFigures } from '../../../../collector/report/figures.ts';
import { incidentViews } from '../../../../collector/report/incidents.ts';
import { fromBase64, toBase64 } from '../../../../shared/bytes.ts';
import { BUNDLE_AFTER_MS, BUNDLE_BEFORE_MS } from '../../../../shared/evidence/bundle/types.ts';
import { parseEnvelope } from '../../../../shared/evidence/dsse.ts';
import type { LedgeredDocument } from '../../../../shared/judge/day/documents.ts';
import type { AsOf } from '../../../../shared/judge/period/judged.ts';
import { type FiguresFile, figuresFile } from '../../../../shared/judge/replay/figures-file.ts';
import { ordinal } from '../../../../shared/judge/replay/inputs.ts';
import {
  createReplay,
  type ReplayAsk,
  type Replayed,
} from '../../../../shared/judge/replay/site-replay.ts';
import { knownTo } from '../../../../shared/judge/replay/stretch.ts';
import type { Span } from '../../../../shared/judge/spans.ts';
import type { JudgeInput } from '../../../../shared/judge/types.ts';
import type { DeviceKind } from '../../../../shared/measure/codes.ts';
import { parsePaper } from '../../../../shared/papers/parse.ts';
import type { DayPaper } from '../../../../shared/papers/types.ts';

export interface HistorySource extends DraftDeps {
  readonly store: DraftDeps['store'] & InputSource['store'];
  readonly findList: InputSource['findList'];
}

/** All that a ledger holds of a site. */
export interface History {
  readonly site: string;
  readonly inputs: readonly JudgeInput[];
  readonly documents: readonly LedgeredDocument[];
  /** By the end of their day. */
  readonly days: ReadonlyMap<number, DayPaper>;
}

const PAGE = 500;

export async function readHistory(source: HistorySource, site: string): Promise<History> {
  const { store } = source;
  const inputs: JudgeInput[] = [];
  const documents: LedgeredDocument[] = [];
  const reads = { store, findList: source.findList, handover: createHandover() };
  for (let at = { log: 0, leaf: -1 }; ; ) {
    const leaves = await store.siteLeaves(site, at, PAGE);
    for (const found of leaves) {
      const { leaf, document } = found;
      at = { log: leaf.log, leaf: leaf.index };
      if (document !== null && leaf.agent === null) {
        const payload = fromBase64(parseEnvelope(document.text).payload);
        const { kind, recv_ms } = leaf;
        documents.push({ kind, payload, hash: toBase64(leaf.hash), leaf: ordinal(at), recv_ms });
      }
      const input = await toInput(reads, found);
      if (input !== null) inputs.push(input);
    }
    if (leaves.length < PAGE) break;
  }
  const days = new Map<number, DayPaper>();
  for (const { day_ms, end_ms } of await store.days(site, 0, Number.MAX_SAFE_INTEGER)) {
    const looked = await draftDay(source, { site, day_ms });
    if (looked?.draft == null) continue;
    const bytes = payloadOf(looked.draft, { log: '-', size: 1, issued_ms: 0 });
    days.set(end_ms, parsePaper('day', bytes));
  }
  return { site, inputs, documents, days };
}

/** The inputs of a bundle of one log: documents, and of each agent the stretch that is needed. */
export function bundled(
  history: History,
  begin_ms: number | null,
  end_ms: number,
  size: number,
): JudgeInput[] {
  const inputs = history.inputs.filter(({ leaf }) => leaf < size);
  const kept = new Set<JudgeInput>(inputs.filter(({ kind }) => kind !== 'batch'));
  const batches = inputs.filter((input) => input.kind === 'batch');
  for (const own of Map.groupBy(batches, ({ agent }) => agent).values()) {
    const known = own.map(({ header, recv_ms }) => knownTo(header, recv_ms));
    const first_ms = begin_ms === null ? Number.NEGATIVE_INFINITY : begin_ms - BUNDLE_BEFORE_MS;
    const reaches = known.findIndex((ms) => ms !== null && ms >= first_ms);
    const inside = reaches < 0 ? own.length : reaches;
    const from = known.findLastIndex((ms, at) => at < inside && ms !== null);
    const last = known.findIndex((ms) => ms !== null && ms >= end_ms + BUNDLE_AFTER_MS);
    const to = last < 0 ? own.length : last + 1;
    for (const input of own.slice(Math.max(0, from), to)) kept.add(input);
  }
  return inputs.filter((input) => kept.has(input));
}

export interface PeriodAsk {
  readonly period: Span;
  readonly as_of: AsOf;
  /** End of the day whose document it begins with; null: from the first batch. */
  readonly begin_ms: number | null;
  readonly first_ms?: number;
  readonly withheld_kinds?: ReadonlySet<DeviceKind>;
}

export function askOf(history: History, ask: PeriodAsk): ReplayAsk {
  const { period, as_of, begin_ms } = ask;
  const documents = history.documents.filter(({ leaf }) => leaf < as_of.size);
  const paper = begin_ms === null ? null : history.days.get(begin_ms);
  assert.ok(paper !== undefined, 'there is a day document of the begin');
  return {
    ...{ site: history.site, period, as_of, documents },
    begin_ms: begin_ms ?? ask.first_ms ?? 0,
    end_ms: Math.min(as_of.to_ms, period.to_ms + BUNDLE_AFTER_MS),
    carry: paper?.carry ?? null,
    withheld_kinds: ask.withheld_kinds ?? new Set(),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  };
}

export function replayOf(ask: ReplayAsk, inputs: readonly JudgeInput[]): Replayed {
  const replay = createReplay(ask);
  for (const input of inputs) replay.feed(input);
  const days = replay.finish();
  for (;;) {
    const { value, done } = days.next();
    if (done === true) return value;
  }
}

export function replayBundle(history: History, ask: PeriodAsk): Replayed {
  const whole = askOf(history, ask);
  return replayOf(whole, bundled(history, ask.begin_ms, whole.end_ms, ask.as_of.size));
}

export function fileOf(history: History, ask: PeriodAsk): FiguresFile {
  const { judged } = replayBundle(history, ask);
  return figuresFile(judged, { site: history.site, period: ask.period, begin: null });
}

/** What the collector's own reader says of the period, in the members of a file. */
export async function collectorSays(
  reader: Pick<JudgeReader, 'judged'>,
  site: string,
  period: Span,
): Promise<Pick<FiguresFile, 'hours' | 'incidents' | 'findings'>> {
  const ofHours = async (hours: 'all' | 'working') => {
    const figures = (by: 'device' | 'group' | 'day' | 'hour') =>
      availabilityFigures(
        { judge: reader },
        site,
        { ...period, hours, profile: null },
        { by, device: null, hide_computers: false },
      );
    const [devices, groups, days, cells] = [
      await figures('device'),
      await figures('group'),
      await figures('day'),
      await figures('hour'),
    ];
    const tables = (pick: (one: typeof devices) => Pick<typeof devices, 'items' | 'totals'>) => ({
      devices: pick(devices).items,
      groups: pick(groups).items,
      days: pick(days).items,
      hours: pick(cells).items,
      totals: pick(devices).totals,
    });
    const { corrected, late_maintenance } = devices;
    return {
      ...tables((one) => one),
      ...(corrected === null ? {} : { corrected: tables((one) => one.corrected ?? one) }),
      ...(late_maintenance === null
        ? {}
        : {
            late_maintenance: {
              ...tables((one) => one.late_maintenance ?? one),
              windows: late_maintenance.windows,
            },
          }),
    };
  };
  const { items, judged } = await incidentViews(
    { judged: reader.judged },
    site,
    period.from_ms,
    period.to_ms,
  );
  const incidents = items.map(({ notes, ...view }) => view);
  const findings = judged.findings.filter(
    (one) => one.from_ms < period.to_ms && one.to_ms > period.from_ms,
  );
  return {
    hours: { all: await ofHours('all'), working: await ofHours('working') },
    incidents,
    findings,
  };
}
