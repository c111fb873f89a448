/** An earlier report of the same site and dates has files of the same names: they are kept. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LanProofError } from '../../../shared/errors.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** Ending of the file of each format. */
const ENDINGS: Readonly<Record<string, string>> = { bundle: 'zip', json: 'json' };

interface Wanted {
  readonly site: string;
  readonly from: string;
  readonly to: string;
  readonly formats: readonly string[];
  readonly masked: boolean;
}

/**
 * Throws FILE_EXISTS where a file of the report lies in the folder already. Periods that are given
 * as times have names that only the collector knows: `targetPath` keeps their files apart.
 */
export function refuseExisting(folder: string, wanted: Wanted): void {
  const { site, from, to, formats, masked } = wanted;
  if (!DATE.test(from) || !DATE.test(to)) return;
  const [first, last] = [from, to].map((date) => date.replaceAll('-', ''));
  const stem = `lanproof-${site}-${first}-${last}${masked ? '-masked' : ''}`;
  for (const format of formats) {
    const ending = ENDINGS[format];
    const path = join(folder, `${stem}.${ending}`);
    if (ending === undefined || !existsSync(path)) continue;
    throw new LanProofError('FILE_EXISTS', 'a file of an earlier report lies there', {
      hint: 'name another folder with --out, or write over it with --force; nothing was issued',
      place: path,
    });
  }
}

/** Where a file is written: beside one of its name, with the id of the report before it. */
export function targetPath(folder: string, name: string, id: string, force: boolean): string {
  const path = join(folder, name);
  return force || !existsSync(path) ? path : join(folder, `${id}.${name}`);
}
