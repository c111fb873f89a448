import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MacHistory } from '../../../agent/whereabouts/mac-history.ts';

const AT = '10.0.0.7';
const OWN = '00:23:24:00:00:01';
const OTHER = '00:23:24:00:00:02';
const table = (mac: string | null) => new Map(mac === null ? [] : [[AT, mac]]);

test('a change counts for the whole gap between the two looks', () => {
  const history = new MacHistory();
  history.watch(new Set([AT]));
  history.look(0, table(OWN));
  history.look(300, table(OTHER));
  history.look(600, table(OWN));
  assert.deepEqual(history.between(AT, OWN, 0, 250), { own: true, foreign: OTHER });
  assert.deepEqual(history.between(AT, OWN, 310, 320), { own: true, foreign: OTHER });
  assert.deepEqual(history.between(AT, OWN, 599, 900), { own: true, foreign: OTHER });
  assert.deepEqual(history.between(AT, OWN, 601, 900), { own: true, foreign: null });
});

test('an entry that is missing says nothing, an address that is not watched neither', () => {
  const history = new MacHistory();
  history.watch(new Set([AT]));
  history.look(0, table(null));
  assert.deepEqual(history.between(AT, OWN, 10, 20), { own: false, foreign: null });
  assert.deepEqual(history.between('10.0.0.8', OWN, 10, 20), { own: false, foreign: null });
  history.watch(new Set());
  assert.equal(history.size, 0);
});

test('whatever stood at a look within a span, or at the look before it, is told', () => {
  const macs = fc.constantFrom(OWN, OTHER, null);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), macs), { minLength: 1, maxLength: 40 }),
      fc.nat(6000),
      fc.nat(1000),
      (steps, from_ms, length_ms) => {
        const history = new MacHistory();
        history.watch(new Set([AT]));
        let at_ms = 0;
        const looks = steps.map(([gap_ms, mac]) => {
          at_ms += gap_ms;
          history.look(at_ms, table(mac));
          return { at_ms, mac };
        });
        const to_ms = from_ms + length_ms;
        const before = looks.findLast((look) => look.at_ms <= from_ms);
        const inside = looks.filter((look) => look.at_ms > from_ms && look.at_ms <= to_ms);
        const met = [...(before === undefined ? [] : [before]), ...inside].map(({ mac }) => mac);
        const said = history.between(AT, OWN, from_ms, to_ms);
        if (met.includes(OTHER)) assert.equal(said.foreign, OTHER);
        if (met.includes(OWN)) assert.equal(said.own, true);
      },
    ),
  );
});

test('an address that flaps for long stays bounded and is not believed for what was dropped', () => {
  const history = new MacHistory();
  history.watch(new Set([AT]));
  for (let k = 0; k < 1000; k += 1) history.look(k * 300, table(k % 2 === 0 ? OWN : OTHER));
  assert.deepEqual(history.between(AT, OWN, 0, 300_000), { own: false, foreign: null });
  assert.equal(history.between(AT, OWN, 299_000, 300_000).foreign, OTHER);
});
