import assert from 'node:assert/strict';
import test from 'node:test';
import { fromUtf8, utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import {
  CLOCK_SAMPLES_MAX,
  EVENT_CODES,
  EVENTS_MAX,
  HEADER_BYTES_MAX,
} from '../../../shared/measure/batch.ts';
import { encodeHeader, parseHeader, parseIdentity } from '../../../shared/measure/header.ts';
import { altered, HASH, HEADER } from './example.ts';

const bytesOf = (value: unknown) => utf8(JSON.stringify(value));
const fails = (run: () => unknown, code: string, place: string | undefined) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LanProofError);
    assert.deepEqual([error.code, error.place], [code, place]);
    return true;
  });

test('a header comes back as it was, in one member order', () => {
  const bytes = encodeHeader(HEADER);
  assert.deepEqual(parseHeader(bytes), HEADER);
  assert.equal(fromUtf8(bytes), JSON.stringify(HEADER));
  const shuffled = { ...HEADER, v: HEADER.v };
  assert.deepEqual(encodeHeader(Object.assign({ sections: [], software: '' }, shuffled)), bytes);
});

test('each coded event comes back with its numbers', () => {
  const events = EVENT_CODES.map((code) => ({ code, mono_ms: 1, target: 3, value: 120_000 }));
  assert.ok(events.some(({ code }) => code === 'address_duplicate'));
  assert.ok(events.some(({ code }) => code === 'polled_gently'));
  assert.deepEqual(parseHeader(encodeHeader({ ...HEADER, events })).events, events);
});

test('members of a later minor are passed over, also inside others', () => {
  const later = altered(altered(HEADER, 'weather', 'hot'), 'events.0.mood', 1);
  assert.deepEqual(parseHeader(bytesOf(later)), HEADER);
});

test('every member of a wrong type or range is named', () => {
  const cases: readonly (readonly [string, unknown, string?])[] = [
    ['site', 'Soc Son'],
    ['agent', '../do-1'],
    ['epoch', 0],
    ['epoch', '1'],
    ['seq', 1.5],
    ['seq', 2 ** 31],
    ['prev', HASH.slice(1)],
    ['list', null],
    ['list.version', 0],
    ['list.hash', 'x'],
    ['seen.log', 'a b'],
    ['seen.size', -1],
    ['seen.checkpoint', 7],
    ['boot', ''],
    ['run', 'x'.repeat(256)],
    ['sealed_ms', 253_402_300_800_000],
    ['closed_to_ms', -1],
    ['closed_to_ms', undefined],
    ['cause', 'whim'],
    ['engine', []],
    ['engine.icmp', 'a\nb'],
    ['software', 'phần mềm'],
    ['clock', {}],
    ['clock', Array(CLOCK_SAMPLES_MAX + 1).fill(HEADER.clock[0])],
    ['clock.0.mono_ms', -1, 'clock[0].mono_ms'],
    ['clock.0.source', 'star', 'clock[0].source'],
    ['clock.0.sync', 1, 'clock[0].sync'],
    ['clock.0.error_ms', undefined, 'clock[0].error_ms'],
    ['events', Array(EVENTS_MAX + 1).fill(HEADER.events[0])],
    ['events.0.code', 'party', 'events[0].code'],
    ['events.2.target', 2_000, 'events[2].target'],
    ['events.3.value', '1', 'events[3].value'],
    ['sections.1.name', 'infra', 'sections[1].name'],
    ['sections.0.name', 'extra', 'sections[0].name'],
    ['sections.0.sha256', '', 'sections[0].sha256'],
    ['sections.0.bytes', -1, 'sections[0].bytes'],
  ];
  for (const [path, value, place] of cases) {
    const bytes = bytesOf(altered(HEADER, path, value));
    fails(() => parseHeader(bytes), 'HEADER_FIELD', place ?? path);
  }
  fails(() => parseHeader(bytesOf({ ...HEADER, v: 2 })), 'HEADER_VERSION', 'v');
});

test('limits hold at their edge', () => {
  const clock = Array(CLOCK_SAMPLES_MAX).fill(HEADER.clock[0]);
  const events = Array(EVENTS_MAX).fill({ code: 'start', mono_ms: 1 });
  const full = parseHeader(bytesOf({ ...HEADER, clock, events }));
  assert.deepEqual([full.clock.length, full.events.length], [CLOCK_SAMPLES_MAX, EVENTS_MAX]);
  const bytes = encodeHeader(HEADER);
  const padded = new Uint8Array(HEADER_BYTES_MAX).fill(32);
  padded.set(bytes);
  assert.deepEqual(parseHeader(padded), HEADER);
  const long = new Uint8Array(HEADER_BYTES_MAX + 1).fill(32);
  long.set(bytes);
  fails(() => parseHeader(long), 'HEADER_FIELD', undefined);
});

test('acceptance reads the identity of any version and any section name', () => {
  const later = {
    ...HEADER,
    v: 7,
    cause: 3,
    sections: [{ name: 'traps', bytes: 1, sha256: HASH }],
  };
  const { v, site, agent, epoch, seq, prev, sections } = parseIdentity(bytesOf(later));
  assert.deepEqual([v, site, agent, epoch, seq], [7, 'socson-hq', 'do-1', 1, 42]);
  assert.deepEqual([prev, sections], [HASH, [{ name: 'traps', bytes: 1, sha256: HASH }]]);
  fails(() => parseIdentity(bytesOf({ ...HEADER, seq: 0 })), 'HEADER_FORMAT', 'seq');
  fails(() => parseIdentity(bytesOf({ ...HEADER, sections: {} })), 'HEADER_FORMAT', 'sections');
  for (const text of ['', '[]', 'null', '{', '\ufeff{}', '{"v":1']) {
    fails(() => parseIdentity(utf8(text)), 'HEADER_FORMAT', undefined);
  }
  const latin1 = new Uint8Array([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]);
  fails(() => parseIdentity(latin1), 'HEADER_FORMAT', undefined);
});

test('a later batch of a run does not name its programs again', () => {
  const { engine: _, software: __, ...later } = HEADER;
  const bytes = encodeHeader(later);
  assert.deepEqual(parseHeader(bytes), later);
  assert.ok(bytes.length < encodeHeader(HEADER).length);
});
