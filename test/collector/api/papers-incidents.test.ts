import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
} from '../harness.ts';
import { leaves, newest, refusal, write } from './papers-support.ts';

const SITE = 'socson-hq';
let harness: Harness;
let operator: string;
let id: string;
let key: { device: string; from_ms: number };

before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son', 'ha-noi');
  operator = await harness.token('operator');
  const agent = await enrolTestAgent(harness, SITE);
  const core = agent.list.targets.findIndex(({ code }) => code === 'sw-core');
  // Half a minute without an answer of the switch that the agent is plugged into.
  await measureTogether(harness, agent, 12, (minute) =>
    minute === 3 ? { codes: { [core]: 'r20n30r10' } } : {},
  );
  const deadline = performance.now() + 30_000;
  const { judge, now_ms } = harness.deps;
  const to_ms = Math.floor(now_ms() / 60_000) * 60_000;
  for (;;) {
    const { incidents, intervals } = await judge.judged(SITE, to_ms - 86_400_000, to_ms);
    const [incident] = incidents;
    const down = intervals.find(({ state }) => state === 'down');
    if (incident !== undefined && down !== undefined) {
      id = incident.id;
      key = { device: down.device, from_ms: down.from_ms };
      break;
    }
    assert.ok(performance.now() < deadline, 'the outage was judged');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
after(() => harness.close());

const say = (what: string, body?: object, incident = id) =>
  write(harness, operator, 'POST', `${SITE}/incidents/${incident}/${what}`, body);

test('a note and an acknowledgement hang on the device and its first bad slot', async () => {
  assert.equal(key.device, 'sw-core');
  const note = await say('notes', { text: ' Thợ điện\r\nđang sửa ' });
  assert.equal(note.status, 200, note.text);
  assert.deepEqual([note.body.key.device, note.body.key.from_ms], [key.device, key.from_ms]);
  const noted = await newest(harness, SITE, 'note');
  assert.deepEqual(
    [noted.paper['kind'], noted.paper['key'], noted.paper['text'], noted.action],
    ['note', key, 'Thợ điện\nđang sửa', 'incident.note'],
  );
  const known = await say('acknowledge');
  assert.equal(known.status, 200, known.text);
  const acknowledged = await newest(harness, SITE, 'note');
  assert.deepEqual(
    [acknowledged.paper['kind'], acknowledged.paper['text'], acknowledged.action],
    ['acknowledge', '', 'incident.acknowledge'],
  );
  const size = leaves(harness);
  assert.equal((await say('acknowledge')).body.changed, false);
  assert.equal((await say('notes', { text: 'Thợ điện\nđang sửa' })).body.changed, false);
  assert.equal(leaves(harness), size);
  assert.equal((await say('notes', { text: 'Đã xong' })).body.changed, true);
});

test('another cause stands beside the first; who changes his mind says so again', async () => {
  for (const cause of ['power', 'lan_link', 'power']) {
    const said = await say('reclassify', { cause, reason: 'Biên bản ngày 23/11/2026' });
    assert.deepEqual([said.status, said.body.changed], [200, true], said.text);
    const { paper, action } = await newest(harness, SITE, 'reclassify');
    assert.deepEqual([paper['cause'], paper['key'], action], [cause, key, 'incident.reclassify']);
  }
  const { judge, now_ms } = harness.deps;
  const to_ms = Math.floor(now_ms() / 60_000) * 60_000;
  const { documents, incidents } = await judge.judged(SITE, to_ms - 86_400_000, to_ms);
  assert.equal(documents.reclassifications.length, 3);
  assert.equal(incidents[0]?.id, id, 'the incident keeps its id');
  const { body, text } = await harness.get(`/api/v1/sites/${SITE}/incidents/${id}`, operator);
  assert.equal(body.corrected?.cause, 'power', text);
  assert.notEqual(body.original.cause, 'power');
  assert.deepEqual(
    body.notes.map(({ kind, text: said }: { kind: string; text: string }) => [kind, said]),
    [
      ['note', 'Thợ điện\nđang sửa'],
      ['acknowledge', ''],
      ['note', 'Đã xong'],
    ],
  );
});

test('never to maintenance or off afterwards; words that are no causes; unknown incidents', async () => {
  const reason = 'x';
  for (const [cause, hint] of [
    ['maintenance', /before the work/],
    ['off', /measured/],
    ['gremlins', /power lan_loop/],
  ] as const) {
    const found = await refusal(harness, () => say('reclassify', { cause, reason }));
    assert.deepEqual([found.status, found.code], [400, 'RECLASSIFY_CAUSE'], cause);
    assert.match(found.hint, hint);
  }
  for (const [what, body] of [
    ['notes', { text: 'x' }],
    ['acknowledge', {}],
    ['reclassify', { cause: 'power', reason }],
  ] as const) {
    const found = await refusal(harness, () => say(what, body, 'f'.repeat(64)));
    assert.deepEqual([found.status, found.code], [404, 'NOT_FOUND'], what);
  }
  const empty = await refusal(harness, () => say('notes', { text: '  ' }));
  assert.deepEqual([empty.status, empty.code], [400, 'PAPER_FORMAT']);
  const bare = await refusal(harness, () => say('reclassify', { cause: 'power' }));
  assert.deepEqual([bare.status, bare.code], [400, 'REQUEST_INVALID']);
});
