import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeSums, encodeSums } from '../../../../shared/judge/day/sums.ts';
import { decodeTotals } from '../../../../shared/judge/day/sums-total.ts';
import { deviceFigures } from '../../../../shared/judge/figures/device.ts';
import { addAll } from '../../../../shared/judge/figures/sums.ts';
import { ask, interval, question } from '../figures/world.ts';

const sums = fc.oneof(
  question.map(deviceFigures),
  fc.nat(86_400_000).map((ms) => deviceFigures(ask(0, ms, [interval(0, null, 'up')]))),
  fc
    .nat(999)
    .map((ms) =>
      deviceFigures(ask(0, 1_000, [interval(0, ms, 'off'), interval(ms, null, 'maintenance')])),
    ),
);
const code = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/);

test('totals are the sums of what decodeSums says, without what is left out', () => {
  fc.assert(
    fc.property(
      fc.dictionary(code, sums, { maxKeys: 8 }),
      sums,
      sums,
      fc.nat(3),
      (found, ...of) => {
        const [site, workplaces, count] = of;
        const text = encodeSums({ devices: found, site, workplaces });
        const left_out = Object.keys(found).slice(0, count);
        const whole = decodeSums(text);
        const own = Object.entries(whole.devices).filter(([name]) => !left_out.includes(name));
        assert.deepEqual(decodeTotals(text, left_out), {
          site: whole.site,
          workplaces: whole.workplaces,
          devices: addAll(own.map(([, one]) => one)),
        });
      },
    ),
    { numRuns: 1_000 },
  );
});
