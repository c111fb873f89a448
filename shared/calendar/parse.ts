import { Strict, TIME_MS_MAX } from '../measure/strict.ts';
import * as read from './parse-reader.ts';
import {
  type Calendar,
  type CalendarDay,
  type Offset,
  type Profile,
  WEEKDAYS,
  type Weekday,
  type Weekly,
} from './types.ts';

/** Twenty years of dated days with long names are below it. */
export const CALENDAR_BYTES_MAX = 1024 * 1024;
/** Half a century of two clock changes a year, and room. */
const OFFSETS_MAX = 1_000;
/** Twenty years of holidays and swapped days, and room. */
const DAYS_MAX = 2_000;
/** Parts of one office that keep hours of their own. */
const PROFILES_MAX = 32;
/** Bounds of civil time: Baker Island and Kiritimati. */
const OFFSET_MIN_MIN = -720;
const OFFSET_MIN_MAX = 840;
/** Names of the IANA time zone database. */
const ZONE = /^(?=.{1,64}$)[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,3}$/;
const TZDATA = /^\d{4}[a-z]{1,2}$/;

const strict = new Strict('CALENDAR_FORMAT', 'write the calendar as one JSON object in UTF-8');

/** Bytes of a calendar document: JSON in UTF-8. Throws LanProofError CALENDAR_FORMAT. */
export function parseCalendarBytes(payload: Uint8Array): Calendar {
  return parseCalendar(strict.parse(payload, CALENDAR_BYTES_MAX));
}

/**
 * A calendar document as it came out of JSON. Strict: members that version 1 does not name,
 * spans that overlap or run backwards, dates that stand twice or do not exist, lists out of order
 * are refused. Throws LanProofError CALENDAR_FORMAT with place and fix.
 */
export function parseCalendar(value: unknown): Calendar {
  const found = read.members(value, '', [
    'v',
    'code',
    'zone',
    'tzdata',
    'offsets',
    'weekly',
    'profiles',
    'days',
  ]);
  if (found.get('v') !== 1) {
    read.fail('v', 'is not 1', 'update this program if the document is newer');
  }
  const weekly = readWeekly(found.get('weekly'), 'weekly');
  return {
    v: 1,
    code: read.code(found.get('code'), 'code'),
    zone: read.pattern(found.get('zone'), 'zone', ZONE, 'Asia/Ho_Chi_Minh'),
    tzdata: read.pattern(found.get('tzdata'), 'tzdata', TZDATA, '2026a'),
    offsets: readOffsets(found.get('offsets')),
    weekly,
    profiles: readProfiles(found.get('profiles')),
    days: readDays(found.get('days'), weekly),
  };
}

function readOffsets(value: unknown): Offset[] {
  const items = read.list(value, 'offsets', OFFSETS_MAX);
  if (items.length === 0) read.fail('offsets', 'is empty', 'give at least one offset');
  let last: Offset | undefined;
  return items.map((item, index) => {
    const place = `offsets[${index}]`;
    const found = read.members(item, place, ['from_ms', 'offset_min']);
    const from_ms = read.integer(found.get('from_ms'), `${place}.from_ms`, 0, TIME_MS_MAX);
    const offset_min = read.integer(
      found.get('offset_min'),
      `${place}.offset_min`,
      OFFSET_MIN_MIN,
      OFFSET_MIN_MAX,
    );
    if (last !== undefined && from_ms <= last.from_ms) {
      read.fail(`${place}.from_ms`, 'is not later than the one before', 'put them in order');
    }
    if (offset_min === last?.offset_min) {
      read.fail(`${place}.offset_min`, 'repeats the one before', 'leave this entry out');
    }
    last = { from_ms, offset_min };
    return last;
  });
}

function readWeekly(value: unknown, place: string): Weekly {
  const found = read.members(value, place, WEEKDAYS);
  const day = (weekday: Weekday) => read.minuteSpans(found.get(weekday), `${place}.${weekday}`);
  return {
    mon: day('mon'),
    tue: day('tue'),
    wed: day('wed'),
    thu: day('thu'),
    fri: day('fri'),
    sat: day('sat'),
    sun: day('sun'),
  };
}

function readProfiles(value: unknown): Profile[] {
  let before = '';
  return read.list(value, 'profiles', PROFILES_MAX).map((item, index) => {
    const place = `profiles[${index}]`;
    const found = read.members(item, place, ['code', 'name', 'weekly']);
    const code = read.code(found.get('code'), `${place}.code`);
    if (code === before) read.fail(`${place}.code`, 'stands twice', 'keep one profile of a code');
    if (code < before) read.fail(`${place}.code`, 'is out of order', 'sort profiles by code');
    before = code;
    return {
      code,
      name: read.name(found.get('name'), `${place}.name`),
      weekly: readWeekly(found.get('weekly'), `${place}.weekly`),
    };
  });
}

function readDays(value: unknown, weekly: Weekly): CalendarDay[] {
  let before = '';
  return read.list(value, 'days', DAYS_MAX).map((item, index) => {
    const place = `days[${index}]`;
    const day = readDay(item, place, weekly);
    if (day.date === before) read.fail(`${place}.date`, 'stands twice', 'keep one row of a date');
    if (day.date < before) read.fail(`${place}.date`, 'is out of order', 'sort days by date');
    before = day.date;
    return day;
  });
}

const DAY_MEMBERS = ['date', 'kind', 'name', 'source', 'checked_on', 'uncertain', 'note'] as const;

function readDay(item: unknown, place: string, weekly: Weekly): CalendarDay {
  const found = read.members(item, place, DAY_MEMBERS, ['works_like', 'spans']);
  const uncertain = found.get('uncertain');
  if (typeof uncertain !== 'boolean') {
    return read.fail(`${place}.uncertain`, 'is not true or false', 'write true or false');
  }
  const raw_note = found.get('note');
  const note = raw_note === null ? null : read.name(raw_note, `${place}.note`);
  if (uncertain && note === null) {
    read.fail(`${place}.note`, 'is missing', 'say in vi and en why this row is uncertain');
  }
  const dated = {
    date: read.date(found.get('date'), `${place}.date`),
    name: read.name(found.get('name'), `${place}.name`),
    source: read.line(found.get('source'), `${place}.source`),
    checked_on: read.date(found.get('checked_on'), `${place}.checked_on`),
    uncertain,
    note,
  };
  const kind = found.get('kind');
  const works_like = found.get('works_like');
  const spans = found.get('spans');
  if (kind === 'holiday') {
    const odd = ['works_like', 'spans'].find((key) => found.has(key));
    if (odd !== undefined) read.fail(`${place}.${odd}`, 'stands in a holiday', 'remove it');
    return { kind, ...dated };
  }
  if (kind !== 'working') {
    return read.fail(`${place}.kind`, 'is not known', 'write holiday or working');
  }
  return { kind, ...dated, ...readHours(works_like ?? null, spans ?? null, place, weekly) };
}

function readHours(works_like: unknown, spans: unknown, place: string, weekly: Weekly) {
  if ((works_like === null) === (spans === null)) {
    read.fail(place, 'needs works_like or spans, not both', 'give one of the two');
  }
  if (works_like === null) {
    const own = read.minuteSpans(spans, `${place}.spans`);
    if (own.length === 0) read.fail(`${place}.spans`, 'is empty', 'write kind holiday instead');
    return { works_like: null, spans: own };
  }
  const weekday = WEEKDAYS.find((known) => known === works_like);
  if (weekday === undefined) {
    return read.fail(`${place}.works_like`, 'is no weekday', `write ${WEEKDAYS.join(' ')}`);
  }
  if (weekly[weekday].length === 0) {
    read.fail(`${place}.works_like`, 'is a day of rest', 'name a weekday that has working hours');
  }
  return { works_like: weekday, spans: null };
}
