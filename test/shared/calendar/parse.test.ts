import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../shared/bytes.ts';
import { buildCalendar } from '../../../shared/calendar/build.ts';
import { hanhChinh } from '../../../shared/calendar/hanh-chinh.ts';
import { parseCalendar, parseCalendarBytes } from '../../../shared/calendar/parse.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { holiday } from './zones.ts';

const GOOD = hanhChinh('2026a');
const DAY = holiday('2026-03-03');
const WORKING = { ...DAY, kind: 'working', works_like: 'fri' };
const SPANS = (...spans: readonly [number, number][]) => ({
  weekly: { ...GOOD.weekly, mon: spans.map(([from_min, to_min]) => ({ from_min, to_min })) },
});
const OFFSETS = (...list: readonly [number, number][]) => ({
  offsets: list.map(([from_ms, offset_min]) => ({ from_ms, offset_min })),
});
const DAYS = (...days: readonly object[]) => ({ days });

const REFUSED: readonly (readonly [string, object, string])[] = [
  ['an unknown member', { weekley: {} }, 'weekley'],
  ['a missing member', { zone: undefined, weekly: undefined }, 'zone'],
  ['another version', { v: 2 }, 'v'],
  ['a bad code', { code: 'Hành chính' }, 'code'],
  ['a bad zone', { zone: 'Asia/Hồ Chí Minh' }, 'zone'],
  ['a bad tzdata version', { tzdata: 'latest' }, 'tzdata'],
  ['no offset', { offsets: [] }, 'offsets'],
  ['offsets out of order', OFFSETS([5, 60], [4, 120]), 'offsets[1].from_ms'],
  ['a repeated offset', OFFSETS([5, 60], [6, 60]), 'offsets[1].offset_min'],
  ['an offset of no zone', OFFSETS([5, 900]), 'offsets[0].offset_min'],
  ['half a minute', OFFSETS([5, 0.5]), 'offsets[0].offset_min'],
  ['overlapping spans', SPANS([480, 720], [719, 1_020]), 'weekly.mon[1]'],
  ['spans out of order', SPANS([780, 1_020], [480, 720]), 'weekly.mon[1]'],
  ['a reversed span', SPANS([720, 480]), 'weekly.mon[0]'],
  ['an empty span', SPANS([720, 720]), 'weekly.mon[0]'],
  ['a span beyond midnight', SPANS([1_320, 1_500]), 'weekly.mon[0].to_min'],
  ['a weekday too few', { weekly: { ...GOOD.weekly, sun: undefined } }, 'weekly.sun'],
  ['a weekday too many', { weekly: { ...GOOD.weekly, monday: [] } }, 'weekly.monday'],
  ['a profile twice', { profiles: [GOOD.profiles[0], GOOD.profiles[0]] }, 'profiles[1].code'],
  ['a date twice', DAYS(DAY, DAY), 'days[1].date'],
  ['dates out of order', DAYS(DAY, holiday('2026-03-02')), 'days[1].date'],
  ['30 February', DAYS({ ...DAY, date: '2026-02-30' }), 'days[0].date'],
  ['29 February of a common year', DAYS({ ...DAY, date: '2026-02-29' }), 'days[0].date'],
  ['month 13', DAYS({ ...DAY, date: '2026-13-01' }), 'days[0].date'],
  ['a date the Vietnamese way', DAYS({ ...DAY, date: '03/03/2026' }), 'days[0].date'],
  ['a checked_on that is none', DAYS({ ...DAY, checked_on: '2026-02-30' }), 'days[0].checked_on'],
  ['an empty source', DAYS({ ...DAY, source: '' }), 'days[0].source'],
  ['a name of two lines', DAYS({ ...DAY, name: { vi: 'a\nb', en: 'a' } }), 'days[0].name.vi'],
  ['uncertain without a reason', DAYS({ ...DAY, uncertain: true }), 'days[0].note'],
  ['uncertain as a text', DAYS({ ...DAY, uncertain: 'no' }), 'days[0].uncertain'],
  ['an unknown kind', DAYS({ ...DAY, kind: 'festival' }), 'days[0].kind'],
  ['a holiday with hours', DAYS({ ...DAY, works_like: 'fri' }), 'days[0].works_like'],
  ['a working day without hours', DAYS({ ...DAY, kind: 'working' }), 'days[0]'],
  ['both kinds of hours', DAYS({ ...WORKING, spans: [{ from_min: 1, to_min: 2 }] }), 'days[0]'],
  ['hours of a day of rest', DAYS({ ...WORKING, works_like: 'sun' }), 'days[0].works_like'],
  ['hours of no weekday', DAYS({ ...WORKING, works_like: 'thứ sáu' }), 'days[0].works_like'],
  ['own hours, empty', DAYS({ ...DAY, kind: 'working', spans: [] }), 'days[0].spans'],
];

test('what is refused, and where', () => {
  for (const [what, change, place] of REFUSED) {
    // Through JSON, so that undefined members are missing ones.
    const value: unknown = JSON.parse(JSON.stringify({ ...GOOD, ...change }));
    assert.throws(
      () => parseCalendar(value),
      (error) => {
        assert.ok(error instanceof LanProofError, what);
        assert.deepEqual([error.code, error.place], ['CALENDAR_FORMAT', place], what);
        assert.ok(error.hint.length > 5, what);
        return true;
      },
      what,
    );
  }
});

test('the fix names the key that was meant', () => {
  assert.throws(() => parseCalendar({ ...GOOD, day: [] }), { hint: 'write days' });
});

test('29 February of a leap year, touching spans and own hours are taken', () => {
  const spans = [
    { from_min: 0, to_min: 60 },
    { from_min: 60, to_min: 1_440 },
  ];
  const day = { ...holiday('2028-02-29'), kind: 'working', spans };
  const read = parseCalendar({ ...GOOD, days: [day] });
  assert.deepEqual(read.days[0], { ...day, works_like: null });
});

test('bytes: JSON in UTF-8 comes back, anything else is refused', () => {
  assert.deepEqual(parseCalendarBytes(utf8(JSON.stringify(GOOD))), GOOD);
  for (const bytes of [utf8('[]'), utf8('{'), new Uint8Array([0x7b, 0xff, 0x7d])]) {
    assert.throws(() => parseCalendarBytes(bytes), { code: 'CALENDAR_FORMAT' });
  }
});

test('any JSON is either a calendar or one LanProofError', () => {
  const keys = fc.constantFrom(...Object.keys(GOOD));
  fc.assert(
    fc.property(keys, fc.jsonValue(), (key, value) => {
      try {
        parseCalendar({ ...GOOD, [key]: value });
      } catch (error) {
        assert.ok(error instanceof LanProofError && error.code === 'CALENDAR_FORMAT');
      }
    }),
    { numRuns: 500 },
  );
});

test('the order in which things are declared does not matter', () => {
  const shuffled = buildCalendar({
    ...GOOD,
    offsets: [{ from_ms: 2_000_000_000_000, offset_min: 420 }, ...GOOD.offsets],
    days: [...GOOD.days].reverse(),
  });
  assert.deepEqual(shuffled, GOOD);
});

test('two offsets of one moment are a contradiction', () => {
  const offsets = [
    { from_ms: 5, offset_min: 60 },
    { from_ms: 5, offset_min: 120 },
  ];
  assert.throws(() => buildCalendar({ ...GOOD, offsets }), { place: 'offsets[1].from_ms' });
});
