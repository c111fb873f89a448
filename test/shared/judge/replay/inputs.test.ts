import assert from 'node:assert/strict';
import test from 'node:test';
import { createHandover } from '../../../../collector/judge/handover.ts';
import { toInput } from '../../../../collector/judge/inputs.ts';
import { fromBase64, toBase64, utf8 } from '../../../../shared/bytes.ts';
import { parseEnvelope } from '../../../../shared/evidence/dsse.ts';
import {
  createInputs,
  ordinal,
  placeOf,
  revocationOf,
} from '../../../../shared/judge/replay/inputs.ts';
import { knownTo } from '../../../../shared/judge/replay/stretch.ts';
import type { JudgeInput } from '../../../../shared/judge/types.ts';
import { SECTION_NAMES } from '../../../../shared/measure/batch.ts';
import { unpackSection } from '../../../../shared/node/section-bytes.ts';
import {
  deliver,
  HOUR_MS,
  leafPaper,
  SITE,
  type Site,
  withSite,
} from '../../../collector/judge/days-kit.ts';
import { T0 } from '../../../support/collector-core.ts';
import { askOf, replayOf } from './replay-kit.ts';
import { historyOf, leafSite, withComputers } from './story.ts';

const asIs = <T>(store: T): T => store;

test('leaves say the same to a replay as to the collector', () =>
  withSite(
    async (site, agent) => {
      await leafSite(site);
      const windows = [{ from_ms: T0, to_ms: T0 + HOUR_MS }];
      await leafPaper(site, 'maintenance', { id: 'm', devices: null, windows, reason: 'a plan' });
      await deliver(site, agent.next({ ticks: 60 }));
      await site.ingest.submitHole(agent.hole(2, 'disk_full'), { insecure: false });
      await deliver(site, agent.next({ ticks: 60 }));
      // A list that nobody gave out, and a section that is none.
      const list = { version: 9, hash: toBase64(new Uint8Array(32)) };
      await deliver(site, agent.next({ ticks: 60, header: { list } }));
      await deliver(site, agent.next({ ticks: 60, infra: () => ({ v: 1, series: 3 }) }));
      const { inputs, kinds } = await both(site);
      assert.deepEqual(kinds.sort(), ['batch', 'enrol', 'hole', 'maintenance', 'site', 'targets']);
      const faults = inputs.flatMap((one) => (one.kind === 'batch' ? [one.fault] : []));
      assert.deepEqual(faults, [null, null, 'LIST_UNKNOWN', 'SECTION_FORMAT']);
    },
    asIs,
    withComputers,
  ));

async function both(site: Site): Promise<{ inputs: JudgeInput[]; kinds: string[] }> {
  const { store, findList } = site;
  const make = createInputs(new Map((await store.logs()).map(({ log, origin }) => [log, origin])));
  const out: JudgeInput[] = [];
  for (const found of await store.siteLeaves(SITE, { log: 0, leaf: -1 }, 1_000)) {
    const { leaf, batch, document } = found;
    const own = await toInput({ store, findList, handover: createHandover() }, found);
    const at = ordinal({ log: leaf.log, leaf: leaf.index });
    assert.deepEqual(placeOf(at), { log: leaf.log, leaf: leaf.index });
    const { kind, agent, epoch, seq, recv_ms } = leaf;
    if (document !== null) {
      const payload = fromBase64(parseEnvelope(document.text).payload);
      const place = { kind, agent, epoch, seq, leaf: at, hash: toBase64(leaf.hash) };
      assert.deepEqual(make.document(place, payload), own);
      const broken = make.document({ ...place, hash: 'x' }, utf8('{"no":'));
      assert.ok(broken === null || kind === 'enrol' || kind === 'conflict', kind);
    }
    if (batch !== null) {
      const inflated = new Map<string, Uint8Array>();
      for (const section of batch.sections) {
        const name = SECTION_NAMES.find((known) => known === section.name);
        if (name === undefined || name === 'identity') continue;
        inflated.set(name, unpackSection(name, await store.readBody(section)));
      }
      const place = { leaf: at, recv_ms, agent: agent ?? '', epoch, seq };
      assert.deepEqual(make.batch(place, batch.header, inflated), own);
    }
    if (own !== null) out.push(own);
  }
  return { inputs: out, kinds: [...new Set(out.map(({ kind }) => kind))] };
}

test('what a revocation takes back is nobody’s word; the hours before stand', () =>
  withSite(async (site, agent) => {
    await leafSite(site);
    for (let hour = 0; hour < 4; hour++) await deliver(site, agent.next({ ticks: 3_600 }));
    const history = await historyOf(site);
    const period = { from_ms: T0, to_ms: T0 + 4 * HOUR_MS };
    const { as_of } = await site.reader.judged(SITE, period.from_ms, period.to_ms);
    const last = history.inputs.filter(({ kind }) => kind === 'batch').at(-1)?.leaf ?? 0;
    const logs = new Map([[agent.origin, 1]]);
    const said = { log: agent.origin, agent: 'do-1', epoch: 1, from_leaf: last };
    const revocation = revocationOf(utf8(JSON.stringify(said)), logs);
    assert.deepEqual(revocation, { agent: 'do-1', epoch: 1, from: last });
    assert.equal(revocationOf(utf8(JSON.stringify({ ...said, log: 'other' })), logs), null);
    const ask = askOf(history, { period, as_of, begin_ms: null, first_ms: T0 });
    const { judged } = replayOf({ ...ask, revocations: [revocation] }, history.inputs);
    const own = judged.intervals.filter(({ device }) => device === 'switch-1');
    assert.deepEqual(
      own.map(({ state, reason, from_ms }) => [state, reason, (from_ms - T0) / HOUR_MS]),
      [
        ['up', null, 0],
        ['unknown', 'conflict', 3],
      ],
    );
  }));

test('a batch is believed to a moment only with a synchronised clock, and never of the future', () =>
  withSite(async (_, agent) => {
    const { header } = agent.next({ ticks: 60 });
    const closed_ms = header.closed_to_ms;
    assert.equal(knownTo(header, closed_ms), closed_ms);
    assert.equal(knownTo(header, closed_ms - 60_000), closed_ms);
    assert.equal(knownTo(header, closed_ms - 60_001), null);
    assert.equal(knownTo(null, closed_ms), null);
    const clock = header.clock.map((sample) => ({ ...sample, sync: false }));
    assert.equal(knownTo({ ...header, clock }, closed_ms), null);
  }));
