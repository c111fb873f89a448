/** logs/<n>/daily.txt: how many leaves each UTC day had. */
import { bundleFormat } from './format-error.ts';
import {
  headLine,
  isDay,
  type Line,
  type LogHead,
  linesOf,
  readHead,
  wholeNumber,
} from './lines.ts';
import type { BundleDay } from './types.ts';

const TITLE = 'lanproof-daily/v1';

/** Days ascend; the leaves add up to the size. Throws BUNDLE_FORMAT. */
export function formatDaily(head: LogHead, days: readonly BundleDay[]): string {
  const lines = days.map(({ day, first, leaves, site_batches, site_documents }) =>
    [day, first, leaves, site_batches, site_documents].join(' '),
  );
  return headLine(TITLE, head) + lines.map((line) => `${line}\n`).join('');
}

/**
 * Reads {@link formatDaily}: days ascend without a leaf between them, the last one ends at the
 * size. Throws LanProofError BUNDLE_FORMAT with file and line.
 */
export function parseDaily(
  text: string,
  file = 'daily.txt',
): { origin: string; size: number; days: BundleDay[] } {
  const days: BundleDay[] = [];
  let head: LogHead | null = null;
  let next = 0;
  for (const line of linesOf(text, file)) {
    if (head === null) {
      head = readHead(TITLE, line);
      continue;
    }
    const day = readDay(line);
    if (day.first !== next) throw bundleFormat(line.place, 'a day does not begin where one ended');
    if (day.day <= (days.at(-1)?.day ?? '')) throw bundleFormat(line.place, 'days do not ascend');
    next = day.first + day.leaves;
    days.push(day);
  }
  if (head === null) throw bundleFormat(`${file}:1`, 'no first line');
  if (next !== head.size) throw bundleFormat(file, 'the leaves do not add up to the size');
  return { ...head, days };
}

function readDay({ text, place }: Line): BundleDay {
  const [day, ...counts] = text.split(' ');
  if (day === undefined || !isDay(day)) throw bundleFormat(place, 'not a date');
  const [first, leaves, site_batches, site_documents, ...more] = counts.map((count) =>
    wholeNumber(count, place),
  );
  if (
    first === undefined ||
    leaves === undefined ||
    site_batches === undefined ||
    site_documents === undefined ||
    more.length > 0
  ) {
    throw bundleFormat(place, 'not five fields');
  }
  if (leaves === 0 || site_batches + site_documents > leaves) {
    throw bundleFormat(place, 'the counts do not fit each other');
  }
  return { day, first, leaves, site_batches, site_documents };
}
