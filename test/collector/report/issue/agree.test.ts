import assert from 'node:assert/strict';
import test from 'node:test';
import { disagreements, readShown } from '../../../../collector/report/issue/agree.ts';
import { askFor, build, bundleDeps, SITE } from '../../../support/bundle-kit.ts';
import { openMeasuredOffice, START_MS } from '../../harness.ts';

const PERIOD = { from_ms: START_MS, to_ms: START_MS + 3_600_000 };

test('figures agree with the pages; what differs is named, another end not compared', async (t) => {
  const { harness } = await openMeasuredOffice();
  t.after(() => harness.close());
  const { whole_figures: figures } = await build(
    t,
    bundleDeps(harness),
    await askFor(harness, PERIOD),
  );
  const shown = await readShown(harness.deps.judge, SITE, PERIOD);
  assert.deepEqual(disagreements(figures, shown, PERIOD), []);
  const [first, ...rest] = shown.rows.all;
  assert.ok(first !== undefined);
  const more = { ...first, down_ms: first.down_ms + 1_000 };
  const other = { ...shown, rows: { ...shown.rows, all: [more, ...rest] } };
  assert.deepEqual(disagreements(figures, other, PERIOD), [
    {
      ...{ hours: 'all', device: 'gw', member: 'down_ms' },
      ...{ bundle: first.down_ms, shown: first.down_ms + 1_000 },
    },
  ]);
  const missing = { ...shown, rows: { ...shown.rows, all: rest } };
  assert.ok((disagreements(figures, missing, PERIOD) ?? []).length > 0);
  const early = { ...shown, as_of: { ...shown.as_of, to_ms: shown.as_of.to_ms - 60_000 } };
  assert.equal(disagreements(figures, early, PERIOD), null);
});
