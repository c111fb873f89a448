import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCALED_SETTINGS } from './fault-lab.ts';
import type { Judged, Score } from './match.ts';
import { confusionTable } from './table.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'docs', 'faults.md');
const BEGIN = '<!-- labelled faults: written by test/lab/labelled.long.test.ts -->';
const END = '<!-- end of labelled faults -->';

interface Run {
  readonly all: readonly Judged[];
  readonly score: Score;
  readonly seeds: readonly number[];
  readonly start_ms: number;
}

/** Puts the run's table into docs/faults.md, in the place of the one before. */
export function writeSection(run: Run): void {
  const text = readFileSync(FILE, 'utf8');
  const section = `${BEGIN}\n${sectionOf(run)}\n${END}\n`;
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  const whole =
    from < 0
      ? `${text.trimEnd()}\n\n${section}`
      : text.slice(0, from) + section + text.slice(to + END.length + 1);
  writeFileSync(FILE, whole);
}

function sectionOf({ all, score, seeds, start_ms }: Run): string {
  const settings = Object.entries(SCALED_SETTINGS).map(([name, value]) => `\`${name}\` ${value}`);
  const open = all
    .flatMap(({ verdicts }) => verdicts)
    .filter(({ grade }) => grade === 'undetermined' || grade === 'wrong')
    .map(({ fault, grade, all: said }) => {
      const { id, kind, target, expected } = fault.plan;
      const words = said.length === 0 ? 'nothing' : said.join(', ');
      return `- ${grade}: ${id} ${kind} at ${target}, expected ${expected.said}, said ${words}`;
    });
  const invented = all.flatMap((one) => one.invented);
  return [
    '## Labelled faults: what the judge says of each',
    '',
    'A seeded plan draws faults and writes beside each, before the run, what the judge should say',
    'and what else is right because nobody at the agent could tell it apart (`test/lab/labels`).',
    `Run of ${new Date(start_ms).toISOString().slice(0, 16)} UTC, seeds ${seeds.join(', ')}. Minutes`,
    `are scaled by a settings document: ${settings.join(', ')}.`,
    '',
    'Not scaled, because no document sets them: 30 slots on each side of an outage that say whether',
    'it is one of many (silences of one device are 34 s apart, 96 s beside one that loses again and',
    'again, which the scaled settings join or explain within 90 and 60 s), the 24 h in which a',
    'reference earns its vote (what harms references comes last), a minute until SNMP counts as',
    'silent (72 s), the 5 minutes between two readings of packets (both faults with damaged frames',
    'lie over one).',
    '',
    `${score.faults} faults, ${score.determined - score.invented} determined, ${score.right} right ` +
      `or accepted, ${score.wrong_lan.length} wrong LAN labels, ${invented.length} invented.`,
    'What was right or accepted is in bold.',
    '',
    confusionTable(all),
    ...(open.length === 0 ? [] : ['', 'Not right:', '', ...open]),
    ...(invented.length === 0
      ? []
      : ['', 'Invented:', '', ...invented.map(({ said, about }) => `- ${said}: ${about}`)]),
  ].join('\n');
}
