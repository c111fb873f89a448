import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSealer } from '../../../../agent/seal.ts';
import { draftTargets } from '../../../../collector/inventory/target-lists.ts';
import { type ModelledBatch, SiteHistory } from '../../../../deploy/demo/history/history.ts';
import { DEMO_SITES, type DemoSite, inventoryOf } from '../../../../deploy/demo/sites.ts';
import { powerAt, wanAt } from '../../../../deploy/demo/story/scenario.ts';
import { createStory } from '../../../../deploy/demo/story/script.ts';
import { createSiteSwitches } from '../../../../deploy/demo/switch/switches.ts';
import { toBase64 } from '../../../../shared/bytes.ts';
import { batchHash } from '../../../../shared/evidence/chain.ts';
import type { BatchHeader, ResultSection } from '../../../../shared/measure/batch.ts';
import { parseHeader } from '../../../../shared/measure/header.ts';
import { parseResultSection } from '../../../../shared/measure/section.ts';
import type { PublicTarget, TargetList } from '../../../../shared/measure/targets.ts';
import { decodeWire } from '../../../../shared/measure/wire.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';
import { parseInventory } from '../../../../shared/node/inventory-file.ts';
import { unpackSection } from '../../../../shared/node/section-bytes.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const ANCHOR_MS = Date.UTC(2026, 9, 14, 3, 0);
const crypto = createNodeCrypto();
const story = createStory(ANCHOR_MS);

async function historyOf(site: DemoSite, from_ms: number) {
  const { inventory, warnings } = parseInventory(inventoryOf(site), site.code, {
    allow_loopback: true,
  });
  assert.deepEqual(warnings, []);
  const { targets } = await draftTargets(
    { crypto, random: (bytes) => new Uint8Array(randomBytes(bytes)) },
    { salt: async () => null },
    inventory,
    site.agent,
  );
  const { signer } = generateSigner();
  let names = 0;
  const history = new SiteHistory({
    site,
    story,
    switches: createSiteSwitches(story, site, from_ms),
    sealer: createSealer({
      crypto,
      signer,
      site: site.code,
      agent: site.agent,
      software: 'lanproof 0.1.0',
      randomBytes: (bytes) => new Uint8Array(randomBytes(bytes)),
    }),
    list: { version: 1, hash: toBase64(new Uint8Array(32)), targets },
    head: { epoch: 1, seq: 0, hash: new Uint8Array(32) },
    seen: { log: 'demo/test/log-1', size: 3 },
    engine: { icmp: 'udp-echo 1', arp: 'none' },
    randomName: () => `name-${++names}`,
  });
  return { history, targets };
}

/** Reads a body as the collector does: sections are held against the list. */
function read(site: DemoSite, targets: readonly PublicTarget[], { body }: ModelledBatch) {
  const wire = decodeWire(body);
  const header = parseHeader(wire.header);
  const list: TargetList = {
    ...{ v: 1, version: 1, site: site.code, agent: site.agent, log: 'demo/test/log-1' },
    issued_ms: 0,
    targets,
  };
  const sections = new Map<string, ResultSection>();
  for (const [at, { name }] of header.sections.entries()) {
    const json = unpackSection(name, wire.sections[at] ?? new Uint8Array());
    if (name !== 'identity') sections.set(name, parseResultSection(json, list, name));
  }
  return { header, sections, hash: toBase64(batchHash(crypto, wire.header)) };
}

for (const site of DEMO_SITES) {
  test(`${site.code}: an hour of history is a gap-free chain of readable batches`, async () => {
    const { history, targets } = await historyOf(site, ANCHOR_MS - HOUR_MS);
    let prev = '';
    for (let minute = ANCHOR_MS - HOUR_MS; minute < ANCHOR_MS; minute += MINUTE_MS) {
      const batch = history.next(minute);
      assert.ok(batch !== undefined);
      const { header, sections, hash } = read(site, targets, batch);
      if (prev !== '') assert.equal(header.prev, prev);
      prev = hash;
      assert.equal(header.closed_to_ms, minute + MINUTE_MS);
      const late = !wanAt(story, site, header.sealed_ms).on;
      assert.ok(late || batch.recv_ms - header.sealed_ms <= 2_000);
      const ticks = new Map<number, number>();
      for (const { series } of sections.values()) {
        for (const part of series) {
          for (const index of part.targets) ticks.set(index, part.n * part.i);
        }
      }
      const asked = targets.filter(({ probes }) => probes.icmp !== undefined);
      assert.equal(ticks.size, asked.length);
      for (const ms of ticks.values()) assert.equal(ms, MINUTE_MS);
    }
  });
}

test('the switches of the first office are polled, those of the second cannot be', async () => {
  for (const site of DEMO_SITES) {
    const { history, targets } = await historyOf(site, ANCHOR_MS - 5 * MINUTE_MS);
    const batch = history.next(ANCHOR_MS - 5 * MINUTE_MS);
    assert.ok(batch !== undefined);
    const infra = read(site, targets, batch).sections.get('infra');
    const managed = site.devices.filter(({ snmp_ports }) => snmp_ports !== undefined);
    assert.equal(infra?.snmp?.length ?? 0, managed.length);
    for (const { polls } of infra?.snmp ?? []) {
      assert.ok(polls.every(([, , uptime, outcome]) => outcome === 'ok' && uptime !== null));
      const columns = polls.flatMap(([, , , , , held]) =>
        held !== undefined && 'columns' in held ? held.columns : [],
      );
      for (const wanted of ['ifOperStatus', 'ifHCInOctets', 'dot3StatsFCSErrors']) {
        assert.ok(columns.includes(wanted), wanted);
      }
      assert.ok(columns.includes('dot3StatsDuplexStatus'));
    }
  }
});

test('a power cut leaves no batches, and the next run is of a new boot', async () => {
  const [site] = DEMO_SITES;
  assert.ok(site !== undefined);
  const from_ms = ANCHOR_MS - 8 * HOUR_MS;
  const { history, targets } = await historyOf(site, from_ms);
  const headers: BatchHeader[] = [];
  let dark = 0;
  for (let minute = from_ms; minute < from_ms + 2 * HOUR_MS; minute += MINUTE_MS) {
    const batch = history.next(minute);
    assert.equal(batch !== undefined, powerAt(story, site, minute).on);
    if (batch === undefined) dark += 1;
    else headers.push(read(site, targets, batch).header);
  }
  // 37 minutes without mains, 4 of them on the UPS, and a minute until it measures again.
  assert.equal(dark, 34);
  const runs = headers.filter(({ events }) => events.some(({ code }) => code === 'start'));
  assert.equal(runs.length, 2);
  assert.equal(new Set(headers.map(({ boot }) => boot)).size, 2);
  assert.equal(new Set(headers.map(({ run }) => run)).size, 2);
  assert.deepEqual(
    headers.map(({ seq }) => seq),
    headers.map((_, i) => i + 1),
  );
  assert.ok(runs.every(({ events }) => events.some(({ code }) => code === 'list_applied')));
  assert.ok(runs.every(({ clock }) => clock.some(({ sync }) => sync)));
});

test('while the WAN is cut batches are sealed in time and arrive afterwards in order', async () => {
  const [, site] = DEMO_SITES;
  assert.ok(site !== undefined);
  const from_ms = ANCHOR_MS - 15 * HOUR_MS - 5 * MINUTE_MS;
  const { history, targets } = await historyOf(site, from_ms);
  let before = 0;
  let late = 0;
  for (let minute = from_ms; minute < from_ms + HOUR_MS; minute += MINUTE_MS) {
    const batch = history.next(minute);
    assert.ok(batch !== undefined);
    const { header } = read(site, targets, batch);
    assert.ok(batch.recv_ms > before && batch.recv_ms > header.sealed_ms);
    if (batch.recv_ms - header.sealed_ms > 2_000) late += 1;
    before = batch.recv_ms;
  }
  assert.ok(late >= 44 && late <= 46, `${late} late batches`);
});

test('the last, shorter minute ends with a stop', async () => {
  const [site] = DEMO_SITES;
  assert.ok(site !== undefined);
  const { history, targets } = await historyOf(site, ANCHOR_MS);
  const batch = history.next(ANCHOR_MS, ANCHOR_MS + 17_000);
  assert.ok(batch !== undefined);
  const { header } = read(site, targets, batch);
  assert.equal(header.cause, 'stop');
  assert.equal(header.closed_to_ms, ANCHOR_MS + 17_000);
  assert.ok(header.events.some(({ code }) => code === 'stop'));
});

test('large echoes and checks of services are in the history, with how they went', async () => {
  const [site] = DEMO_SITES;
  assert.ok(site !== undefined);
  // may-chu fails 12 minutes into each quarter: its checks fail with its echoes.
  const from_ms = ANCHOR_MS + 11 * MINUTE_MS;
  const { history, targets } = await historyOf(site, from_ms);
  const seen = [0, 1].map((minute) => {
    const batch = history.next(from_ms + minute * MINUTE_MS);
    assert.ok(batch !== undefined);
    return read(site, targets, batch).sections.get('infra');
  });
  const server = targets.findIndex(({ code }) => code === 'may-chu');
  const outcomes = seen.map((section) =>
    (section?.checks ?? [])
      .filter(({ target }) => target === server)
      .map(({ probe, ticks }) => `${probe} ${ticks.map(([, outcome]) => outcome).join(' ')}`)
      .sort(),
  );
  assert.deepEqual(outcomes, [
    ['http ok', 'tcp accepted accepted', 'tcp refused refused'],
    ['http connect_timeout', 'tcp timeout timeout', 'tcp timeout timeout'],
  ]);
  for (const section of seen) {
    const large = section?.series.filter(({ probe }) => probe === 'echo_large') ?? [];
    const asked = targets.filter(({ kind, probes }) => kind !== 'pc' && probes.echo_large);
    assert.equal(large.flatMap((part) => part.targets).length, asked.length);
    assert.ok(large.every(({ i, n }) => i * n === MINUTE_MS));
  }
});

test('a short power cut is told by the machine: cord, UPS, restarted switches', async () => {
  const [site] = DEMO_SITES;
  assert.ok(site !== undefined);
  const from_ms = ANCHOR_MS + 8 * MINUTE_MS;
  const { history, targets } = await historyOf(site, from_ms);
  const told: string[] = [];
  const hosts: (boolean | null)[] = [];
  const uptimes: (number | null)[] = [];
  for (let minute = 0; minute < 4; minute++) {
    const batch = history.next(from_ms + minute * MINUTE_MS);
    assert.ok(batch !== undefined);
    const { header, sections } = read(site, targets, batch);
    told.push(...header.events.map(({ code }) => code));
    const infra = sections.get('infra');
    hosts.push(infra?.host?.carrier ?? null);
    uptimes.push(...(infra?.snmp ?? []).slice(0, 1).flatMap(({ polls }) => polls.map((p) => p[2])));
  }
  const expected = ['start', 'list_applied', 'link_down', 'ac_off', 'ac_on', 'link_up'];
  assert.deepEqual([...new Set(told)], expected);
  assert.deepEqual(hosts, [false, false, true, true]);
  const known = uptimes.filter((ticks) => ticks !== null);
  assert.ok((known[0] ?? 0) > (known.at(-1) ?? 0) && (known.at(-1) ?? 0) < 12_000);
});
