/** Checks 13, last part, and 14: days and figures, computed again from what was measured. */
import { toHex, utf8 } from '../../bytes.ts';
import { floorMinute } from '../../judge/lists.ts';
import { dayDifference } from '../../judge/replay/day-check.ts';
import { type FiguresFile, figuresFile } from '../../judge/replay/figures-file.ts';
import { createReplay, type Replayed, type SiteReplay } from '../../judge/replay/site-replay.ts';
import { RULES_VERSION } from '../../judge/types.ts';
import type { DeviceKind } from '../../measure/codes.ts';
import type { BundleLeaf, BundleManifest } from '../bundle/types.ts';
import { type LoggedDocument, placeOf, type ReadDocuments } from './documents.ts';
import type { Recorder } from './recorder.ts';
import type { CarriedIn, VerifyOptions } from './types.ts';

/** Devices whose results stand in a private section. */
const PRIVATE_KINDS: ReadonlySet<DeviceKind> = new Set(['pc']);
const DAY_MS = 86_400_000;
/** Papers that change what was judged before them. */
const CHANGING: ReadonlySet<string> = new Set([
  ...['site', 'topology', 'calendar', 'settings', 'maintenance', 'targets', 'hole', 'conflict'],
  'revoke',
]);

/** What is carried into the replay; null: it begins with the site's first batch. */
export interface Begin {
  readonly carried: CarriedIn | null;
  readonly replay: SiteReplay;
}

/** Prepares the replay; halts where the bundle begins with what is no day of the site. */
export function beginReplay(
  { crypto }: VerifyOptions,
  manifest: BundleManifest,
  { documents, ledgered, keys }: ReadDocuments,
  endpointsWithheld: boolean,
  said: Recorder,
): Begin {
  const { begin, begin_ms, end_ms, site, from_ms, to_ms, as_of } = manifest;
  if (manifest.rules !== RULES_VERSION) {
    said.halt('RULES_OTHER', 'manifest', { rules: manifest.rules, own: RULES_VERSION });
  }
  const day = begin === null ? null : dayAt(documents, begin);
  const again = documents.some(
    ({ content, leaf }) =>
      content.kind === 'day' &&
      content.said.from_ms === day?.from_ms &&
      (leaf.log !== begin?.log || leaf.leaf !== begin.leaf),
  );
  if (begin !== null && (day?.to_ms !== begin_ms || again)) {
    said.halt('BEGIN_UNFIT', placeOf(begin), { begin_ms });
  }
  const replay = createReplay({
    ...{ site, begin_ms, end_ms, as_of, documents: ledgered },
    period: { from_ms, to_ms },
    carry: day?.carry ?? null,
    withheld_kinds: endpointsWithheld ? PRIVATE_KINDS : new Set(),
    revocations: keys.revocations(),
    sha256: (text) => toHex(crypto.sha256(utf8(text))),
  });
  if (day === null || begin === null) return { replay, carried: null };
  const devices = Object.keys(day.carry.devices).length;
  const carried = { ...begin, day: day.day, devices, incidents: day.carry.incidents.length };
  return { replay, carried };
}

function dayAt(documents: readonly LoggedDocument[], begin: { log: number; leaf: number }) {
  const found = documents.find(({ leaf }) => leaf.log === begin.log && leaf.leaf === begin.leaf);
  return found?.content.kind === 'day' ? found.content.said : null;
}

/** The manifest's own times must fit each other; what is not judged is named. */
export function checkPeriod(manifest: BundleManifest, after_ms: number, said: Recorder): void {
  const { from_ms, to_ms, begin, begin_ms, end_ms, as_of } = manifest;
  if (
    end_ms !== Math.min(as_of.to_ms, to_ms + after_ms) ||
    (begin !== null && begin_ms > from_ms)
  ) {
    said.say('BEGIN_UNFIT', 'manifest', { begin_ms, end_ms });
  }
  if (as_of.to_ms < to_ms)
    said.say('PERIOD_OPEN', 'manifest', { to_ms: as_of.to_ms, end_ms: to_ms });
  if (begin_ms > from_ms) said.say('PERIOD_LATE', 'manifest', { from_ms, begin_ms });
}

/**
 * Without a `begin` judging begins in the minute in which a window of the site first did. Where
 * results are withheld (not `whole`) a window may only seem to begin later than it did.
 */
export function checkBegin(
  { begin, begin_ms, from_ms }: BundleManifest,
  { judged }: Replayed,
  whole: boolean,
  said: Recorder,
): void {
  if (begin !== null) return;
  const starts = judged.windows.map((window) => floorMinute(window.from_ms));
  const first_ms = starts.length === 0 ? from_ms : starts.reduce((a, b) => Math.min(a, b));
  if (whole ? begin_ms === first_ms : begin_ms <= first_ms) return;
  said.say('BEGIN_UNFIT', 'manifest', { begin_ms, first_ms });
}

/** Judges everything that was fed; a day at a time, so that a browser can draw. */
export async function finishReplay(
  { onProgress, breathe }: VerifyOptions,
  { begin_ms, end_ms }: BundleManifest,
  replay: SiteReplay,
): Promise<Replayed> {
  const judging = replay.finish();
  for (;;) {
    const step = judging.next();
    if (step.done === true) return step.value;
    onProgress({ check: 'figures', done: step.value - begin_ms, total: end_ms - begin_ms });
    await breathe();
  }
}

/** A batch that came long after its time: a day that was ledgered before it may differ. */
export interface LateBatch {
  readonly at: number;
  readonly from_ms: number;
}

/**
 * The newest `day` document of each day says what was computed again. A day is known by its end:
 * the first one of a site is judged from the minute in which anything was known. `late` null:
 * results are withheld, so that no day can be computed again; how many is told.
 */
export function checkDays(
  documents: readonly LoggedDocument[],
  { days }: Replayed,
  late: readonly LateBatch[] | null,
  said: Recorder,
): void {
  const newest = new Map<number, LoggedDocument>();
  for (const document of documents) {
    if (document.content.kind === 'day') newest.set(document.content.said.to_ms, document);
  }
  if (late === null) {
    const count = days.filter(({ end_ms }) => newest.has(end_ms)).length;
    if (count > 0) said.say('DAYS_NOT_RECOMPUTED', 'documents.ndjson', { count });
    return;
  }
  for (const replayed of days) {
    const document = newest.get(replayed.end_ms);
    if (document?.content.kind !== 'day') continue;
    said.count('documents', 'days');
    const difference = dayDifference(document.content.said, replayed);
    if (difference === null) continue;
    const { at, leaf } = document;
    const overtaken = late.some((one) => one.at > at && one.from_ms < replayed.end_ms + DAY_MS);
    const changed = documents.some((one) => one.at > at && mayChange(one.leaf, replayed.end_ms));
    const { place, said: told, own } = difference;
    const detail = { day: document.content.said.day, member: place, told, own };
    // Late results are the agent's own; a paper is the collector's, so whoever reads is told.
    const code = overtaken ? 'DAY_EARLIER' : changed ? 'DAY_CHANGED' : 'DAY_DIFFERS';
    said.say(code, placeOf(leaf), detail);
  }
}

/** Whether a paper that was leafed behind the document of a day can change that day. */
function mayChange({ kind, recv_ms }: BundleLeaf, end_ms: number): boolean {
  if (!CHANGING.has(kind)) return false;
  // A list holds from when it is issued on.
  return kind !== 'targets' || recv_ms < end_ms + DAY_MS;
}

/** The figures of what was judged, as a file. */
export function figuresOf({ judged }: Replayed, manifest: BundleManifest): FiguresFile {
  const { site, from_ms, to_ms, begin } = manifest;
  return figuresFile(judged, { site, period: { from_ms, to_ms }, begin });
}
