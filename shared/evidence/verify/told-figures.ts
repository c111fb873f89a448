/** Check 14: what figures.json says beside what was computed here. */
import { fromUtf8 } from '../../bytes.ts';
import { comparedPart, compareFigures } from '../../judge/replay/figures-compare.ts';
import { type FiguresFile, figuresText } from '../../judge/replay/figures-file.ts';
import { FIGURES_NAME } from '../bundle/names.ts';
import type { Container } from './container.ts';
import type { Recorder } from './recorder.ts';

/** Levels of members in figures.json: ours has seven, and deeper ones no writer can spell. */
const DEPTH_MAX = 32;

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

/**
 * Check 14: what figures.json says, member by member. `may_leave_out`: results of computers are
 * withheld.
 */
export function checkFigures(
  { text, file, left_out }: ToldFigures,
  own: FiguresFile,
  may_leave_out: boolean,
  said: Recorder,
): void {
  // The same text needs no comparison member by member, which is as long as all else of this check.
  const same = text === figuresText(own);
  const found = same ? [] : compareFigures(file, own);
  for (const { place, said: value, own: computed } of found) {
    said.say('FIGURES_DIFFER', place, { told: value, own: computed });
  }
  if (left_out > 0 && !may_leave_out) {
    said.say('FIGURES_DIFFER', 'not_recomputable', { told: String(left_out), own: '-' });
  }
  if (left_out > 0) said.say('FIGURES_LEFT_OUT', FIGURES_NAME, { count: left_out });
  // One content has one text: a member that stands twice would be read otherwise by others.
  if (!same && found.length === 0 && figuresText(file) !== text) {
    said.say('FIGURES_FORMAT', FIGURES_NAME, { problem: 'SPELLING' });
  }
  const compared = comparedPart(file, own);
  const rows = rowsOf(compared);
  if (rows === 0) said.say('FIGURES_NONE', FIGURES_NAME);
  said.count('figures', 'rows', rows);
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
