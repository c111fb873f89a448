import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findIncident, incidentViews } from '../../../collector/report/incidents.ts';
import type { Remark } from '../../../shared/judge/day/types.ts';
import {
  at,
  type Code,
  DAY,
  documents,
  HOUR,
  idOf,
  incident,
  judgedOf,
  MONDAY,
  reader,
} from './judged.ts';

const bad = { incident: idOf('a'), cause: 'lan_switch', confidence: 'inferred' } as const;
const STORY = [
  at('sw-1', 0, 16, 'up'),
  at('sw-1', 16, 26, 'down', bad),
  at('sw-1', 26, null, 'up'),
  at('srv', 0, 16, 'up'),
  at('srv', 16, 26, 'unreachable', bad),
  at('srv', 26, 27, 'down', { cause: 'device', confidence: 'inferred', incident: idOf('b') }),
  at('srv', 27, null, 'up'),
  at('gw', 0, 40, 'up'),
  at('gw', 40, null, 'degraded', { incident: idOf('c') }),
];
const INCIDENTS = [
  incident('a', ['sw-1'], {
    unreachable: ['srv'],
    started_at_ms: MONDAY + 16 * HOUR,
    ended_at_ms: MONDAY + 26 * HOUR,
  }),
  incident('b', ['srv'], {
    cause: 'device',
    started_at_ms: MONDAY + 26 * HOUR,
    ended_at_ms: MONDAY + 27 * HOUR,
  }),
  incident('c', ['gw'], {
    kind: 'degraded',
    started_at_ms: MONDAY + 40 * HOUR,
    ended_at_ms: null,
    phase: 'open',
  }),
];

function remark(device: Code, h: number, text: string): Remark {
  const key = { device, from_ms: MONDAY + h * HOUR };
  return { kind: 'note', key, author: 'token:1', issued_ms: MONDAY + 3 * DAY, text };
}

const WHOLE = judgedOf(STORY, 48, {
  incidents: INCIDENTS,
  documents: documents({
    remarks: [remark('sw-1', 16, 'fan'), remark('srv', 26, 'disk'), remark('gw', 40, 'slow')],
    reclassifications: [
      {
        key: { device: 'sw-1', from_ms: MONDAY + 16 * HOUR },
        ...{ cause: 'power', reason: 'letter 12', author: 'token:1', issued_ms: MONDAY + 3 * DAY },
      },
      {
        key: { device: 'srv', from_ms: MONDAY + 12 * HOUR },
        ...{ cause: 'wan', reason: 'slip', author: 'token:1', issued_ms: MONDAY + 4 * DAY },
      },
    ],
  }),
});

test('an incident as people read it: working time, device time, notes, both causes', async () => {
  const { items } = await incidentViews(reader(WHOLE), 's', MONDAY, MONDAY + 2 * DAY);
  assert.deepEqual(
    items.map(({ id, notes }) => [id, notes.map(({ text }) => text)]),
    [
      [idOf('a'), ['fan']],
      [idOf('b'), ['disk']],
      [idOf('c'), ['slow']],
    ],
  );
  const [first, second, third] = items;
  // 16:00 to 17:00 on Monday; the night is no working time.
  assert.equal(first?.working_ms, HOUR);
  assert.equal(first?.device_ms, 20 * HOUR);
  assert.deepEqual(first?.original, { cause: 'lan_switch', confidence: 'inferred' });
  assert.equal(first?.cause, 'lan_switch', 'the word of a person never replaces the facts');
  assert.deepEqual([first?.corrected?.cause, first?.corrected?.confidence], ['power', 'declared']);
  assert.deepEqual([second?.corrected, second?.device_ms, second?.working_ms], [null, HOUR, 0]);
  assert.deepEqual([third?.device_ms, third?.ended_at_ms], [0, null]);
  assert.equal(third?.working_ms, HOUR, 'an open one to what is known: 16:00 to 17:00');
});

test('what began before the period is told whole', async () => {
  const source = reader(WHOLE);
  const { items } = await incidentViews(source, 's', MONDAY + DAY, MONDAY + 2 * DAY);
  assert.deepEqual(source.asked, [MONDAY + DAY, MONDAY + 16 * HOUR]);
  assert.deepEqual(
    items.map(({ id, device_ms }) => [id, device_ms / HOUR]),
    [
      [idOf('a'), 20],
      [idOf('b'), 1],
      [idOf('c'), 0],
    ],
  );
  const none = await incidentViews(source, 's', MONDAY + 27 * HOUR, MONDAY + 28 * HOUR);
  assert.deepEqual(none.items, [], 'ends are exclusive');
});

test('an incident is found by its id, also long ago', async () => {
  const now_ms = MONDAY + 300 * DAY;
  const found = await findIncident(reader(WHOLE), 's', idOf('a'), now_ms);
  assert.equal(found?.item.device_ms, 20 * HOUR);
  assert.equal(await findIncident(reader(WHOLE), 's', idOf('none'), now_ms), null);
});
