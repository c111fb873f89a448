import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenFrom, incidentSaid } from '../../../collector/api/incident-said.ts';

const START_MS = Date.UTC(2026, 10, 23, 1);
const device = (code: string, kind: string) => ({ code, kind });
/** `sw-old` and `pc-old` were taken out of the inventory since. */
const inventory = { devices: [device('gw', 'gateway'), device('pc-1', 'pc')] };
const versions = [{ document: { devices: [device('sw-old', 'switch'), device('pc-old', 'pc')] } }];
const incident = {
  ...{ id: 'a', kind: 'outage', phase: 'open', cause: 'switch', confidence: 'inferred' },
  roots: ['sw-old'],
  unreachable: ['gw', 'pc-1', 'pc-old'],
  ...{ started_at_ms: START_MS, ended_at_ms: null },
};

function said(role: string) {
  // Only the members that are read: whole documents are long.
  const view = { inventory } as unknown as Parameters<typeof hiddenFrom>[0];
  const known = versions as unknown as Parameters<typeof hiddenFrom>[1];
  const who = { role } as unknown as Parameters<typeof hiddenFrom>[2];
  const shown = incident as unknown as Parameters<typeof incidentSaid>[0];
  return incidentSaid(shown, hiddenFrom(view, known, who));
}

test('a viewer reads computers as a number, also those that are gone; other devices by name', () => {
  const { roots, unreachable, computers } = said('viewer');
  assert.deepEqual([roots, unreachable], [['sw-old'], ['gw']]);
  assert.deepEqual(computers, { roots: 0, unreachable: 2 });
});

test('who may see details reads all names', () => {
  const { roots, unreachable, computers } = said('operator');
  assert.deepEqual([roots, unreachable], [['sw-old'], ['gw', 'pc-1', 'pc-old']]);
  assert.deepEqual(computers, { roots: 0, unreachable: 0 });
});
