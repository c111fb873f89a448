import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hanhChinh } from '../../shared/calendar/hanh-chinh.ts';
import { workingDays, workingSpans } from '../../shared/calendar/working.ts';
import { CAUSES } from '../../shared/judge/cause-names.ts';
import { deviceFigures } from '../../shared/judge/figures/device.ts';
import {
  ratiosOf,
  sharesOf,
  smallestDetectableOutage_ms,
} from '../../shared/judge/figures/ratios.ts';
import { percentOf } from '../../shared/judge/figures/rounding.ts';
import type { FigureSums } from '../../shared/judge/figures/sums.ts';
import type { FinalInterval } from '../../shared/judge/final.ts';
import { total_ms } from '../../shared/judge/spans.ts';
import { RULES_VERSION, STATES } from '../../shared/judge/types.ts';

/** The worked example of both pages, recomputed from their own text. */

const MINUTE_MS = 60_000;
const CALENDAR = hanhChinh('2026a');
const FROM_MS = Date.parse('2026-06-01T00:00:00+07:00');
const TO_MS = Date.parse('2026-07-01T00:00:00+07:00');
const NOTHING = '–';

interface Page {
  readonly file: string;
  readonly hour: string;
  readonly minute: string;
  readonly comma: string;
}
const PAGES: readonly Page[] = [
  { file: 'docs/accounting.md', hour: 'h', minute: 'min', comma: '.' },
  { file: 'docs/accounting.vi.md', hour: 'giờ', minute: 'phút', comma: ',' },
];

/** Rows of the tables under a heading, cells trimmed; header and rule left out. */
function tables(text: string, heading: RegExp): string[][][] {
  const section = text.split(/^## /m).find((part) => heading.test(part)) ?? '';
  return [...section.matchAll(/(?:^\|.*\n)+/gm)].map(([table]) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
  );
}

function local_ms(text: string): number {
  const match = /^(\d\d)\/(\d\d)\/(\d{4}) (\d\d:\d\d)$/.exec(text);
  assert.ok(match !== null, text);
  const [, day, month, year, clock] = match;
  return Date.parse(`${year}-${month}-${day}T${clock}:00+07:00`);
}

/** The events of one device with its up time between them. */
function story(events: readonly string[][], device: string): FinalInterval[] {
  const bounds = { incident: null, confidence: null, earliest_ms: null, latest_ms: null };
  const out: FinalInterval[] = [];
  const add = (from_ms: number, to_ms: number, more: Partial<FinalInterval>) => {
    const state = { state: 'up', reason: null, cause: null, settled: true } as const;
    if (from_ms < to_ms) out.push({ device, from_ms, to_ms, ...bounds, ...state, ...more });
  };
  let at_ms = FROM_MS;
  for (const [from = '', to = '', devices = '', state_text = '', why = ''] of events) {
    if (!devices.split(', ').includes(device)) continue;
    const state = STATES.find((name) => `\`${name}\`` === state_text);
    const cause = CAUSES.find((name) => why.includes(`\`${name}\``)) ?? null;
    assert.ok(state !== undefined, state_text);
    add(at_ms, local_ms(from), {});
    add(local_ms(from), local_ms(to), {
      state,
      cause,
      reason: state === 'unknown' ? 'agent_off' : null,
    });
    at_ms = local_ms(to);
  }
  add(at_ms, TO_MS, {});
  return out;
}

function figures(events: readonly string[][], device: string, hours: 'working' | 'all') {
  const all = [{ from_ms: FROM_MS, to_ms: TO_MS }];
  return deviceFigures({
    intervals: story(events, device),
    windows: [{ from_ms: 0, to_ms: null }],
    hours: hours === 'all' ? all : workingSpans(CALENDAR, null, FROM_MS, TO_MS),
    ...(hours === 'all' ? {} : { calendar: workingSpans(CALENDAR, null, FROM_MS, TO_MS) }),
    as_of_to_ms: TO_MS,
    known_to_ms: TO_MS,
  });
}

/** The column of the second table, in the order of its rows. */
function column(sums: FigureSums, { hour, minute, comma }: Page): string[] {
  const shares = sharesOf(sums);
  const { mttr_ms } = ratiosOf(sums);
  const time = (ms: number | null) => {
    if (ms === null) return NOTHING;
    const minutes = (ms % (60 * MINUTE_MS)) / MINUTE_MS;
    const [whole = '', part] = String(minutes).split('.');
    const text = whole.padStart(2, '0') + (part === undefined ? '' : comma + part);
    return `${Math.floor(ms / 60 / MINUTE_MS)} ${hour} ${text} ${minute}`;
  };
  const percent = (name: keyof typeof shares, claim: 'at_least' | 'at_most') =>
    `${percentOf(shares[name], claim, 2)?.replace('.', comma)} %`;
  return [
    time(sums.expected_ms),
    time(sums.up_ms),
    time(sums.down_ms),
    time(sums.unreachable_ms),
    time(sums.off_ms),
    time(sums.unknown_ms),
    time(sums.maintenance_ms),
    time(sums.lan_excluded_ms),
    percent('coverage', 'at_least'),
    percent('availability', 'at_most'),
    percent('worst', 'at_most'),
    percent('best', 'at_most'),
    percent('availability_lan', 'at_most'),
    percent('worst_lan', 'at_most'),
    String(sums.outages),
    time(sums.longest_ms),
    time(mttr_ms),
  ];
}

for (const page of PAGES) {
  const text = readFileSync(page.file, 'utf8');

  test(`${page.file}: the numbers of the worked example are those of the rules`, () => {
    const [events, results] = tables(text, /^(A worked example|Ví dụ)/);
    assert.ok(events !== undefined && results !== undefined);
    assert.equal(events.length, 7);
    const columns = [
      figures(events, 'sw-1', 'working'),
      figures(events, 'sw-1', 'all'),
      figures(events, 'pc-1', 'working'),
    ].map((sums) => column(sums, page));
    columns.forEach((expected, at) => {
      assert.deepEqual(
        results.map((row) => row[at + 1]),
        expected,
      );
    });
    const days = workingDays(CALENDAR, null, FROM_MS, TO_MS);
    const hours = total_ms(workingSpans(CALENDAR, null, FROM_MS, TO_MS)) / 60 / MINUTE_MS;
    const sentence = /(?:June |Tháng 6\/)2026: (\d+)\D+(\d+)\D+(\d+)/.exec(text) ?? [];
    const stated = sentence.slice(1).map(Number);
    assert.deepEqual(stated, [days.length, hours, (TO_MS - FROM_MS) / 60 / MINUTE_MS]);
  });

  test(`${page.file}: what it computes by hand is right`, () => {
    const comma = page.comma === ',' ? ',' : String.raw`\.`;
    const number = String.raw`\d+(?:${comma}\d+)?`;
    const sum = new RegExp(
      String.raw`(${number}) ÷\s+(?:\((${number}) \+ (${number})\)|(${number})) = (${number}) %`,
      'g',
    );
    const found = [...text.matchAll(sum)].map((match) =>
      match.slice(1).map((part) => Number((part ?? '0').replace(',', '.'))),
    );
    assert.equal(found.length, 3);
    for (const [part = 0, a = 0, b = 0, whole = 0, percent] of found) {
      assert.equal(Number(((100 * part) / (a + b + whole)).toFixed(4)), percent);
    }
  });

  test(`${page.file}: rules, states and causes are named as the program has them`, () => {
    assert.ok(text.includes(`\`rules\`: ${RULES_VERSION}`));
    const [states] = tables(text, /^(What is measured|Đo những gì)/);
    assert.deepEqual(states?.map((row) => row[1]?.replaceAll('`', '')).sort(), [...STATES].sort());
    for (const cause of CAUSES.filter((name) => name !== 'maintenance')) {
      assert.ok(text.includes(`\`${cause}\``), cause);
    }
    assert.equal(smallestDetectableOutage_ms(1_000), 4_000);
  });
}
