import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64, toBase64, utf8 } from '../../../shared/bytes.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { documentHash, documentType, signDocument } from '../../../shared/evidence/documents.ts';
import { openEnvelope } from '../../../shared/evidence/dsse.ts';
import { LEAF_KINDS } from '../../../shared/evidence/leaf.ts';
import { DEFAULT_SETTINGS } from '../../../shared/judge/site/settings.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { isPaperKind, parsePaper } from '../../../shared/papers/parse.ts';
import { SETTINGS_RANGES } from '../../../shared/papers/settings-paper.ts';
import { PAPER_KINDS, type PaperKind } from '../../../shared/papers/types.ts';
import { CANCELLATION, PAPERS } from '../../fixtures/papers.ts';
import { testSigner } from '../../fixtures/test-keys.ts';

const crypto = createNodeCrypto();
const signer = testSigner('document');
const parse = (kind: PaperKind, value: unknown) => parsePaper(kind, utf8(JSON.stringify(value)));
/** Refuses unknown members; a site document passes them over. */
const STRICT_KINDS = PAPER_KINDS.filter((kind) => kind !== 'site');

/** What a refusal says: `CODE place`. */
function refusal(kind: PaperKind, value: unknown): string {
  try {
    parse(kind, value);
  } catch (error) {
    assert.ok(error instanceof LanProofError, String(error));
    assert.ok(error.hint.length > 0);
    return `${error.code} ${error.place}`;
  }
  return 'accepted';
}

test('papers of every kind round trip, signed and unsigned', () => {
  for (const kind of PAPER_KINDS) {
    assert.deepEqual(parse(kind, PAPERS[kind]), PAPERS[kind], kind);
    assert.deepEqual(JSON.parse(JSON.stringify(PAPERS[kind])), PAPERS[kind], kind);
    const text = signDocument(crypto, signer, kind, PAPERS[kind]);
    const payload = openEnvelope(crypto, text, documentType(kind), signer.publicKey);
    assert.deepEqual(parsePaper(kind, payload), PAPERS[kind], kind);
  }
  assert.deepEqual(parse('maintenance', CANCELLATION), CANCELLATION);
});

test('paper kinds are leaf kinds', () => {
  assert.deepEqual(LEAF_KINDS.filter(isPaperKind).sort(), [...PAPER_KINDS].sort());
});

test('the vectors are read as what they were made from', () => {
  const file = new URL('../../fixtures/vectors/papers.json', import.meta.url);
  const cases: readonly { kind: PaperKind; payload: string; envelope: string; hash: string }[] =
    JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(cases.length, PAPER_KINDS.length + 1);
  for (const { kind, payload, envelope, hash } of cases) {
    const signed = openEnvelope(crypto, envelope, documentType(kind), signer.publicKey);
    assert.deepEqual(signed, utf8(payload));
    assert.equal(toBase64(documentHash(crypto, envelope)), hash);
    const paper = parsePaper(kind, signed);
    assert.deepEqual(paper, 'cancels' in paper ? CANCELLATION : PAPERS[kind]);
    assert.equal(fromBase64(hash).length, 32);
  }
});

test('a member that is missing or unknown, another version, what is no object: refused', () => {
  for (const kind of STRICT_KINDS) {
    for (const member of Object.keys(PAPERS[kind])) {
      const { [member]: _, ...rest } = Object(PAPERS[kind]);
      const said = refusal(kind, rest);
      // A plan without `id` is read as a plan all the same.
      assert.equal(said, `PAPER_FORMAT ${member}`, kind);
    }
    assert.equal(refusal(kind, { ...PAPERS[kind], auhtor: 'x' }), 'PAPER_FORMAT auhtor');
    assert.equal(refusal(kind, { ...PAPERS[kind], v: 2 }), 'PAPER_FORMAT v');
  }
  for (const kind of PAPER_KINDS) {
    const code = kind === 'site' ? 'SITE_FORMAT' : 'PAPER_FORMAT';
    for (const odd of [null, [], 7, 'x']) assert.equal(refusal(kind, odd), `${code} undefined`);
  }
});

const key = { device: 'gw', from_ms: 5 };
const windows = (...spans: readonly (readonly [number, number])[]) => ({
  windows: spans.map(([from, to]) => ({ from_ms: from * 60_000, to_ms: to * 60_000 })),
});
const carry = (change: object) => ({ carry: { ...PAPERS.day.carry, ...change } });
const carried = (change: object) => carry({ devices: { gw: { ...dayDevice, ...change } } });
const dayDevice = PAPERS.day.carry.devices['sw-core'];
const incident = PAPERS.day.carry.incidents[0];
const fact = { ...incident?.facts[0] };
const withFact = (change: object) =>
  carry({ incidents: [{ ...incident, facts: [{ ...fact, ...change }] }] });

const REFUSED: readonly (readonly [PaperKind, object, string])[] = [
  ['note', { log: 'two words' }, 'log'],
  ['note', { site: 'Sóc Sơn' }, 'site'],
  ['note', { issued_ms: -1 }, 'issued_ms'],
  ['note', { issued_ms: 0.5 }, 'issued_ms'],
  ['note', { author: '' }, 'author'],
  ['note', { author: 'a\nb' }, 'author'],
  ['note', { author: 'x'.repeat(201) }, 'author'],
  ['note', { kind: 'remark' }, 'kind'],
  ['note', { key: { device: 'gw' } }, 'key.from_ms'],
  ['note', { key: { ...key, device: 'GW' } }, 'key.device'],
  ['note', { key: { ...key, to_ms: 6 } }, 'key.to_ms'],
  ['note', { text: '' }, 'text'],
  ['note', { text: ' x' }, 'text'],
  ['note', { text: 'a\tb' }, 'text'],
  ['note', { text: 'a\u202eb' }, 'text'],
  ['note', { text: 'x'.repeat(4_001) }, 'text'],
  ['reclassify', { cause: 'maintenance' }, 'cause'],
  ['reclassify', { cause: 'off' }, 'cause'],
  ['reclassify', { reason: '' }, 'reason'],
  ['reclassify', { reason: 'a\nb' }, 'reason'],
  ['reclassify', { reason: 'x'.repeat(501) }, 'reason'],
  ['declaration', { kind: 'lunch' }, 'kind'],
  ['declaration', { from: '2026-02-29' }, 'from'],
  ['declaration', { to: '2026-08-31' }, 'to'],
  ['declaration', { value: 1.5 }, 'value'],
  ['declaration', { value: -1 }, 'value'],
  ['declaration', { document: '' }, 'document'],
  ['declaration', { by: '' }, 'by'],
  ['declaration', { note: 7 }, 'note'],
  ['settings', { version: 0 }, 'version'],
  ['settings', { settings: { down_slots: 3 } }, 'settings.down_slots'],
  ['settings', { settings: { setle_ms: 1 } }, 'settings.setle_ms'],
  ['settings', { settings: { flap_count: 1 } }, 'settings.flap_count'],
  ['settings', { settings: { flap_count: 2.5 } }, 'settings.flap_count'],
  ['settings', { settings: { answer_share: '0.9' } }, 'settings.answer_share'],
  ['settings', { settings: { answer_share: null } }, 'settings.answer_share'],
  ['settings', { settings: [] }, 'settings'],
  ['topology', { links: [['gw', 'gw']] }, 'links[0]'],
  ['topology', { links: [['gw', 'a', 'b']] }, 'links[0]'],
  ['topology', { links: [['gw']] }, 'links[0][1]'],
  ['topology', { links: [...PAPERS.topology.links, ['sw-tang2', 'gw']] }, 'links[2]'],
  ['topology', { links: Array(4_001).fill(['a', 'b']) }, 'links'],
  ['maintenance', { id: 'M 1' }, 'id'],
  ['maintenance', { devices: [] }, 'devices'],
  ['maintenance', { devices: ['gw', 'gw'] }, 'devices[1]'],
  ['maintenance', { windows: [] }, 'windows'],
  ['maintenance', windows([1, 1]), 'windows[0]'],
  ['maintenance', windows([0, 31 * 1_440 + 1]), 'windows[0]'],
  ['maintenance', windows([1, 3], [2, 4]), 'windows[1]'],
  ['maintenance', windows([1.5, 3]), 'windows[0].from_ms'],
  ['maintenance', windows([1, 3.5]), 'windows[0].to_ms'],
  ['maintenance', { windows: Array(401).fill({ from_ms: 0, to_ms: 60_000 }) }, 'windows'],
  ['maintenance', { reason: 'x'.repeat(501) }, 'reason'],
  ['maintenance', { cancels: 'm-1' }, 'id'],
  ['day', { day: '2026-13-01' }, 'day'],
  ['day', { from_ms: PAPERS.day.from_ms + 1 }, 'from_ms'],
  ['day', { to_ms: PAPERS.day.to_ms + 1 }, 'to_ms'],
  ['day', { to_ms: PAPERS.day.from_ms }, 'to_ms'],
  ['day', { as_of: { size: 0, to_ms: 1 } }, 'as_of.size'],
  ['day', { rules: 0 }, 'rules'],
  ['day', carry({ at_ms: 5, warm_ms: 5 }), 'carry.at_ms'],
  ['day', carry({ warm_ms: PAPERS.day.to_ms + 1 }), 'carry.warm_ms'],
  ['day', carry({ devices: { GW: dayDevice } }), 'carry.devices.GW'],
  ['day', carried({ state: 'pending' }), 'carry.devices.gw.state'],
  ['day', carried({ off: 0 }), 'carry.devices.gw.off'],
  ['day', carried({ ever_answered: false }), 'carry.devices.gw.ever_answered'],
  ['day', carried({ answered: [{ from_ms: 2, to_ms: 2 }] }), 'carry.devices.gw.answered[0]'],
  ['day', carried({ incident: { id: 'x' } }), 'carry.devices.gw.incident.root'],
  ['day', carry({ incidents: [{ ...incident, id: 'x' }] }), 'carry.incidents[0].id'],
  ['day', carry({ incidents: [{ ...incident, phase: 'x' }] }), 'carry.incidents[0].phase'],
  ['day', withFact({ what: 'toString' }), 'carry.incidents[0].facts[0].what'],
  ['day', withFact({ up: 1 }), 'carry.incidents[0].facts[0].up'],
  ['day', withFact({ to_ms: 0 }), 'carry.incidents[0].facts[0].to_ms'],
  [
    'day',
    withFact({ pointer: { agent: 'do-1', epoch: 1 } }),
    'carry.incidents[0].facts[0].pointer.seq',
  ],
];

for (const [kind, change, place] of REFUSED) {
  const shown = JSON.stringify(change).slice(0, 60);
  test(`${kind} with ${shown} is refused at ${place}`, () => {
    assert.equal(refusal(kind, { ...PAPERS[kind], ...change }), `PAPER_FORMAT ${place}`);
  });
}

test('what is just allowed is accepted', () => {
  const accepted: readonly (readonly [PaperKind, object])[] = [
    ['note', { kind: 'acknowledge', text: '' }],
    ['note', { text: 'x'.repeat(4_000) }],
    ['settings', { settings: {} }],
    ['topology', { links: [] }],
    ['maintenance', { devices: null }],
    ['maintenance', windows([0, 31 * 1_440], [31 * 1_440, 31 * 1_440 + 1])],
    ['declaration', { from: '2028-02-29', to: '2028-02-29', value: 0 }],
    ['day', carried({ ever_answered: false, last_reply_ms: null })],
  ];
  for (const [kind, change] of accepted) {
    assert.equal(refusal(kind, { ...PAPERS[kind], ...change }), 'accepted');
  }
});

test('a cancellation may say nothing of windows', () => {
  assert.equal(refusal('maintenance', { ...CANCELLATION, windows: [] }), 'PAPER_FORMAT windows');
  assert.equal(refusal('maintenance', { ...CANCELLATION, cancels: 7 }), 'PAPER_FORMAT cancels');
});

test('a calendar is refused with its own code and a place inside it', () => {
  const odd = { ...PAPERS.calendar.calendar, offsets: [] };
  const paper = { ...PAPERS.calendar, calendar: odd };
  assert.equal(refusal('calendar', paper), 'CALENDAR_FORMAT calendar.offsets');
  assert.equal(
    refusal('calendar', { ...PAPERS.calendar, calendar: 7 }),
    'CALENDAR_FORMAT calendar',
  );
});

test('every setting but down_slots has a range, which holds what is built in and its tenth', () => {
  const { down_slots, ...chosen } = DEFAULT_SETTINGS;
  assert.equal(down_slots, 3);
  assert.deepEqual(Object.keys(SETTINGS_RANGES).sort(), Object.keys(chosen).sort());
  assert.equal(refusal('settings', { ...PAPERS.settings, settings: chosen }), 'accepted');
  const scaled = Object.entries(chosen).map(([name, value]) =>
    name.endsWith('_ms') ? [name, value / 10] : [name, value],
  );
  const lab = Object.fromEntries(scaled);
  assert.equal(refusal('settings', { ...PAPERS.settings, settings: lab }), 'accepted');
  for (const [name, { min, max }] of Object.entries(SETTINGS_RANGES)) {
    const said = (value: number) =>
      refusal('settings', { ...PAPERS.settings, settings: { [name]: value } });
    assert.deepEqual([said(min), said(max)], ['accepted', 'accepted']);
    for (const value of [min / 2, max * 2, -1]) {
      assert.equal(said(value), `PAPER_FORMAT settings.${name}`);
    }
  }
});

test('whatever stands in a paper, it is read as it is or refused with a code and a hint', () => {
  const odd = fc.oneof(fc.jsonValue(), fc.constantFrom('__proto__', 'constructor', -0, 2 ** 53));
  const kinds = fc.constantFrom(...PAPER_KINDS);
  fc.assert(
    fc.property(kinds, fc.nat(), odd, (kind, at, value) => {
      const paper: unknown = JSON.parse(JSON.stringify(PAPERS[kind]));
      const changed = replaceAt(paper, at, value);
      if (refusal(kind, changed) !== 'accepted') return;
      const read = parse(kind, changed);
      assert.deepEqual(parse(kind, read), read);
    }),
    { numRuns: 1_500 },
  );
});

/** Puts `value` where the walk over all values of `paper` arrives after `at` steps. */
function replaceAt(paper: unknown, at: number, value: unknown): unknown {
  const places: (() => void)[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      places.push(() => Object.assign(node, { [name]: value }));
      walk(child);
    }
  };
  walk(paper);
  places[at % places.length]?.();
  return paper;
}
