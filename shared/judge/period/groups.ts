import { addAll, type FigureSums } from '../figures/sums.ts';
import type { FigureDevice } from './devices.ts';
import { figureRow } from './row.ts';
import type { PeriodSums } from './sums.ts';
import type { NamedRow } from './table.ts';

/** Fewer computers of a group are not summed for whoever may not see one: it would be a person. */
export const GROUP_COMPUTERS_MIN = 3;

/**
 * One row per group, by name; a device in two groups counts in both. Hidden computers count in the
 * first group that may tell of them: the difference of two rows must not be one computer.
 */
export function groupRows(
  devices: readonly FigureDevice[],
  hide_computers: boolean,
  sums: PeriodSums,
): NamedRow[] {
  const groups = new Map<string, FigureDevice[]>();
  for (const device of devices) {
    if (device.kind === 'upstream') continue;
    for (const group of device.groups.length === 0 ? [''] : device.groups) {
      const members = groups.get(group) ?? [];
      members.push(device);
      groups.set(group, members);
    }
  }
  const told = new Set<string>();
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, members]) => {
      const shown = hide_computers ? withoutFew(members, told) : members;
      for (const { code } of shown) told.add(code);
      const codes = shown.map(({ code }) => code);
      const row = figureRow(sumOf(sums, codes), null);
      return { group, devices: codes.length, left_out: members.length - codes.length, ...row };
    });
}

/** Members without computers that are told of elsewhere, and without all where few are left. */
function withoutFew(
  members: readonly FigureDevice[],
  told: ReadonlySet<string>,
): readonly FigureDevice[] {
  const left = members.filter(({ computer, code }) => !computer || !told.has(code));
  const computers = left.filter(({ computer }) => computer).length;
  return computers < GROUP_COMPUTERS_MIN ? left.filter(({ computer }) => !computer) : left;
}

/** Of these devices together. */
export function sumOf({ devices }: PeriodSums, codes: readonly string[]): FigureSums {
  return addAll(codes.flatMap((code) => devices.get(code) ?? []));
}
