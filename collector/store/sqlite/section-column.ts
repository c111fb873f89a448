import { SECTION_NAMES } from '../../../shared/measure/batch.ts';
import type { SectionRow } from '../rows.ts';

/**
 * One column for the places of a batch's sections: `2026-11 infra@812+640 identity@96+40`. Short,
 * because every batch carries it for ever; the file's name is month and section.
 */
export function writeSections(sections: readonly SectionRow[]): string {
  const month = sections[0]?.file.slice(0, 7);
  if (month === undefined) return '';
  const places = sections.map(({ name, offset, length }) => `${name}@${offset}+${length}`);
  return [month, ...places].join(' ');
}

export function readSections(text: string): SectionRow[] {
  const [month, ...places] = text.split(' ');
  return places.flatMap((place) => {
    const [, name, offset, length] = /^([a-z0-9_-]+)@(\d+)\+(\d+)$/.exec(place) ?? [];
    if (name === undefined) return [];
    const file = `${month}.${bodyKind(name)}`;
    return [{ name, file, offset: Number(offset), length: Number(length) }];
  });
}

/**
 * Sections that only a later version knows share one file: their names come from outside and
 * may not name files.
 */
export function bodyKind(section: string): string {
  return SECTION_NAMES.find((known) => known === section) ?? 'other';
}
