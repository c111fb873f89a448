/** Checks 13, last part, and 14: days and figures, computed again from what was measured. */
import { fromUtf8, toHex, utf8 } from '../../bytes.ts';
import { dayDifference } from '../../judge/replay/day-check.ts';
import { comparedPart, compareFigures } from '../../judge/replay/figures-compare.ts';
import { type FiguresFile, figuresFile, figuresText } from '../../judge/replay/figures-file.ts';
import { createReplay, type Replayed, type SiteReplay } from '../../judge/replay/site-replay.ts';
import { RULES_VERSION } from '../../judge/types.ts';
import type { DeviceKind } from '../../measure/codes.ts';
import { FIGURES_NAME } from '../bundle/names.ts';
import type { BundleManifest } from '../bundle/types.ts';
import type { Container } from './container.ts';
import { type LoggedDocument, placeOf, type ReadDocuments } from './documents.ts';
import type { Recorder } from './recorder.ts';
import type { CarriedIn, VerifyOptions } from './types.ts';

/** Devices whose results stand in a private section. */
const PRIVATE_KINDS: ReadonlySet<DeviceKind> = new Set(['pc']);
const DAY_MS = 86_400_000;
/** Levels of figures.json; ours has seven. What is nested without end no writer can spell. */
const DEPTH_MAX = 32;
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
 * the first one of a site is judged from the minute in which anything was known.
 */
export function checkDays(
  documents: readonly LoggedDocument[],
  { days }: Replayed,
  late: readonly LateBatch[],
  said: Recorder,
): void {
  const newest = new Map<number, LoggedDocument>();
  for (const document of documents) {
    if (document.content.kind === 'day') newest.set(document.content.said.to_ms, document);
  }
  for (const replayed of days) {
    const document = newest.get(replayed.end_ms);
    if (document?.content.kind !== 'day') continue;
    said.count('documents', 'days');
    const difference = dayDifference(document.content.said, replayed);
    if (difference === null) continue;
    const { at, leaf } = document;
    const overtaken =
      late.some((one) => one.at > at && one.from_ms < replayed.end_ms + DAY_MS) ||
      documents.some((one) => one.at > at && CHANGING.has(one.leaf.kind));
    const { place, said: told, own } = difference;
    const detail = { day: document.content.said.day, member: place, told, own };
    said.say(overtaken ? 'DAY_EARLIER' : 'DAY_DIFFERS', placeOf(leaf), detail);
  }
}

/** figures.json as it stands in the bundle; of its members nothing is believed. */
export interface ToldFigures {
  readonly text: string;
  readonly file: FiguresFile;
  /** How many rows it names as resting on what is withheld. */
  readonly left_out: number;
}

/** Null: it is no JSON, or nested without end, which was said. */
export async function readTold(container: Container, said: Recorder): Promise<ToldFigures | null> {
  const bytes = await container.bytes(FIGURES_NAME);
  try {
    const text = fromUtf8(bytes);
    // Any JSON: the comparison walks it as such.
    const file: FiguresFile = JSON.parse(text);
    if (isDeeper(file, DEPTH_MAX)) {
      said.say('FIGURES_FORMAT', FIGURES_NAME, { problem: 'DEPTH' });
      return null;
    }
    const left: unknown = Object(file).not_recomputable;
    return { text, file, left_out: Array.isArray(left) ? left.length : 0 };
  } catch {
    said.say('FIGURES_FORMAT', FIGURES_NAME, { problem: 'JSON' });
    return null;
  }
}

/** Whether a JSON value has more levels than `max`, itself the first if it has members. */
function isDeeper(value: unknown, max: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return max === 0 || Object.values(value).some((member) => isDeeper(member, max - 1));
}

/** Check 14: what figures.json says, member by member. `withheld`: results are not in the bundle. */
export function checkFigures(
  { text, file, left_out }: ToldFigures,
  own: FiguresFile,
  withheld: boolean,
  said: Recorder,
): void {
  // The same text needs no comparison member by member, which is as long as all else of this check.
  const same = text === figuresText(own);
  const found = same ? [] : compareFigures(file, own);
  for (const { place, said: value, own: computed } of found) {
    said.say('FIGURES_DIFFER', place, { told: value, own: computed });
  }
  if (left_out > 0 && !withheld) {
    said.say('FIGURES_DIFFER', 'not_recomputable', { told: String(left_out), own: '-' });
  }
  if (left_out > 0) said.say('FIGURES_LEFT_OUT', FIGURES_NAME, { count: left_out });
  // One content has one text: a member that stands twice would be read otherwise by others.
  if (!same && found.length === 0 && figuresText(file) !== text) {
    said.say('FIGURES_FORMAT', FIGURES_NAME, { problem: 'SPELLING' });
  }
  const compared = comparedPart(file, own);
  said.count('figures', 'rows', rowsOf(compared));
  said.count('figures', 'incidents', lengthOf(compared.incidents));
}

/** A file may name whole members as withheld, however its types say that they are there. */
function rowsOf({ hours }: FiguresFile): number {
  const parts: readonly (Partial<FiguresFile['hours']['all']> | undefined)[] = [
    hours?.all,
    hours?.working,
  ];
  return parts
    .flatMap((part) => [part?.devices, part?.groups, part?.days, part?.hours])
    .reduce((sum, list) => sum + lengthOf(list), 0);
}

function lengthOf(list: readonly unknown[] | undefined): number {
  return list?.length ?? 0;
}

/** The figures of what was judged, as a file. */
export function figuresOf({ judged }: Replayed, manifest: BundleManifest): FiguresFile {
  const { site, from_ms, to_ms, begin } = manifest;
  return figuresFile(judged, { site, period: { from_ms, to_ms }, begin });
}
