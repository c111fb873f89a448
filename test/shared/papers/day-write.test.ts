import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../shared/bytes.ts';
import { CAUSES, CONFIDENCES } from '../../../shared/judge/cause-names.ts';
import { STATES } from '../../../shared/judge/types.ts';
import { dayContent, shortDay } from '../../../shared/papers/day-write.ts';
import { parsePaper } from '../../../shared/papers/parse.ts';
import type { DayDevice, DayPaper } from '../../../shared/papers/types.ts';
import { PAPERS } from '../../fixtures/papers.ts';

const { day: DAY } = PAPERS;
const { warm_ms } = DAY.carry;

const parse = (value: unknown): DayPaper => parsePaper('day', utf8(JSON.stringify(value)));
const time = fc.nat(warm_ms);
const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null });
const span = fc.tuple(time, fc.integer({ min: 1, max: 600_000 })).map(([from_ms, length]) => {
  return { from_ms, to_ms: from_ms + length };
});
const incident = fc.record({
  id: fc.constant(DAY.carry.incidents[0]?.id ?? ''),
  root: fc.constantFrom('gw', 'sw-core'),
  from_ms: time,
  earliest_ms: maybe(time),
  cause: fc.constantFrom(...CAUSES),
  confidence: fc.constantFrom(...CONFIDENCES),
});
const trouble = fc.record({
  sort: fc.constantFrom('outage', 'lossy', 'degraded', 'flapping'),
  from_ms: time,
  to_ms: time,
  incident,
});
const share = fc.constant({ slots: 30, lost: 2 });
const device: fc.Arbitrary<DayDevice> = fc
  .record({
    state: fc.constantFrom(...STATES),
    silent_since_ms: maybe(time),
    earliest_ms: maybe(time),
    off: fc.boolean(),
    answered: fc.oneof(
      fc.constant([]),
      fc.constant([{ from_ms: warm_ms - 600_000, to_ms: warm_ms }]),
      span.map((one) => [one]),
    ),
    incident: maybe(incident),
    root: maybe(fc.constantFrom('gw', 'sw-core')),
    piece_from_ms: maybe(time),
    unknown_since_ms: maybe(time),
    before: maybe(share),
    troubles: fc.array(trouble, { maxLength: 2 }),
    last_reply_ms: maybe(time),
    ever_answered: fc.boolean(),
  })
  .map((one) => ({ ...one, ever_answered: one.ever_answered || one.last_reply_ms !== null }));
const codes = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/);

/** Without what says as much as if it were missing. */
function meant(one: DayDevice): object {
  const { root, piece_from_ms, unknown_since_ms, before, troubles, ...rest } = one;
  const piece = piece_from_ms === one.silent_since_ms ? null : piece_from_ms;
  const list = troubles?.length === 0 ? null : troubles;
  const more = { root, piece_from_ms: piece, unknown_since_ms, before, troubles: list };
  const kept = Object.entries(more).filter(([, value]) => value !== null && value !== undefined);
  return { ...rest, ...Object.fromEntries(kept) };
}

test('a day is read as it was meant, whatever is left out of it', () => {
  const devices = fc.dictionary(codes, device, { maxKeys: 6, noNullPrototype: true });
  fc.assert(
    fc.property(devices, (made) => {
      // As it comes out of a stored day: plain objects.
      const found: typeof made = JSON.parse(JSON.stringify(made));
      const paper: DayPaper = { ...DAY, carry: { ...DAY.carry, devices: found } };
      const read = parse(shortDay(paper));
      const expected = Object.entries(found).map(([code, one]) => [code, meant(one)]);
      assert.deepEqual(read.carry.devices, Object.fromEntries(expected));
      assert.deepEqual({ ...read, carry: null }, { ...DAY, carry: null });
      assert.equal(dayContent(parse(shortDay(read))), dayContent(read));
      // Written in full it says the same.
      assert.equal(dayContent(parse(paper)), dayContent(read));
    }),
    { numRuns: 500 },
  );
});

test('what is said of a day is compared without when, where and by whom', () => {
  const later = { ...DAY, issued_ms: 7, log: 'test/log-2', as_of: { size: 9, to_ms: 9 } };
  assert.equal(dayContent(parse(later)), dayContent(DAY));
  assert.notEqual(dayContent(parse({ ...DAY, rules: 2 })), dayContent(DAY));
  const { devices } = DAY.carry;
  const turned = Object.fromEntries(Object.entries(devices).reverse());
  const other = { ...DAY, carry: { ...DAY.carry, devices: turned } };
  assert.equal(dayContent(parse(other)), dayContent(DAY));
});

test('odd members of a silence are refused by their place', () => {
  const refused: [object, string][] = [
    [{ root: 'GW' }, 'root'],
    [{ before: { slots: 30, lost: 31 } }, 'before.lost'],
    [{ troubles: [{ sort: 'x', from_ms: 1, to_ms: 2, incident: null }] }, 'troubles[0].sort'],
    [{ piece_from: 1 }, 'piece_from'],
  ];
  for (const [change, place] of refused) {
    const carry = { ...DAY.carry, devices: { gw: change } };
    assert.throws(() => parse({ ...DAY, carry }), { place: `carry.devices.gw.${place}` });
  }
});

test('sixty calm devices take less than six kilobytes', () => {
  const answered = [{ from_ms: warm_ms - 600_000, to_ms: warm_ms }];
  const calm = { ...DAY.carry.devices.gw, answered };
  const devices = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`may-in-${at}`, calm]));
  const paper = { ...DAY, carry: { ...DAY.carry, incidents: [], devices } } as DayPaper;
  const { length } = JSON.stringify(shortDay(paper));
  assert.ok((length * 4) / 3 < 6_000, `${length}`);
});
