import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { SnmpTarget } from '../../../agent/snmp/target.ts';
import { createSnmpDevice, type DeviceFaults } from '../../../deploy/demo/snmp/device.ts';
import { createSwitchMib } from '../../../deploy/demo/switch/switch-mib.ts';
import { startMutant } from './chaos.ts';
import type { ChaosPlan, ChaosReport } from './chaos-child.ts';
import { COMMUNITY, lab, model, NOON_MS } from './lab.ts';
import { startSnmpd } from './snmpd.ts';

const DAMAGED_V2C = 95_000;
const DAMAGED_V3 = 5_000;
/** Compiled code and caches still grow by some 100 kB; kept datagrams would be 30 MB. */
const GROWTH_BYTES_MAX = 4 * 1024 * 1024;
const POLL_MS_MAX = 4_000;
const PORTS = 28;
const SEED = 20_261_123;

const FAULTS: Readonly<Record<string, DeviceFaults>> = {
  endless: { endless: true },
  'same OID': { same: true },
  tooBig: { too_big_above: 0 },
  empty: { empty: true },
  garbage: { garbage: true },
  'wrong source': { source_address: '127.102.40.99' },
  'ten seconds late': { delay_ms: 10_000 },
  truncated: { truncated_bytes: 70 },
  'never GETBULK': { no_bulk: true },
};
/** These answer within the rules, in small pieces: they cost requests, not values. */
const GOOD_IN_THE_END = new Set(['empty', 'never GETBULK']);

const V3_KEYS = { auth_key: 'auth-passphrase-77', priv_key: 'priv-passphrase-88' };
const V3 = { version: '3', user: 'full', level: 'authPriv', auth: 'sha256', priv: 'aes' } as const;

async function pollIn(plan: ChaosPlan): Promise<ChaosReport> {
  const child = fork(new URL('./chaos-child.ts', import.meta.url), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.send(plan);
  const ended = once(child, 'exit');
  const first = await Promise.race([once(child, 'message'), ended]);
  const [code] = await ended;
  assert.equal(code, 0, 'the poller ended by itself');
  return first[0] as ChaosReport;
}

/** Undefined where Debian's agent is not installed; damaged v3 answers are then left out. */
async function daemonOf(t: TestContext, lines: readonly string[]) {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
  const installed = spawnSync('snmpd', ['-v'], { env }).error === undefined;
  return installed ? startSnmpd(t, lines) : undefined;
}

test('devices in chaos cost their own values and nothing else', async (t) => {
  const v2c = (place: { address: string; port: number }): SnmpTarget => {
    const { address, port } = place;
    return { address, port, version: '2c', community: COMMUNITY };
  };
  const mib = createSwitchMib(model({ ports: PORTS }), () => NOON_MS)();
  const start = async (address: string, faults: DeviceFaults = {}) => {
    const device = await createSnmpDevice({ address, port: 0, community: COMMUNITY, mib, faults });
    t.after(() => device.close());
    return device;
  };
  const healthy = await start('127.102.40.1');
  const faulty = await Promise.all(
    Object.entries(FAULTS).map(async ([name, faults], i) => ({
      name,
      target: v2c(await start(`127.102.40.${10 + i}`, faults)),
    })),
  );
  const mutant = await startMutant(t, '127.102.40.2', (await lab(t)).device, SEED);
  const mutants = [{ target: v2c(mutant), datagrams: DAMAGED_V2C }];
  const daemon = await daemonOf(t, [
    `createUser full SHA-256 "${V3_KEYS.auth_key}" AES "${V3_KEYS.priv_key}"`,
    'rouser full priv',
  ]);
  if (daemon === undefined) t.diagnostic('snmpd is missing: SNMPv3 answers are not damaged');
  else {
    const behind = { address: '127.0.0.1', port: daemon.port };
    const front = await startMutant(t, '127.102.40.3', behind, SEED + 1);
    mutants.push({ target: { ...V3, ...V3_KEYS, ...front }, datagrams: DAMAGED_V3 });
  }
  const report = await pollIn({
    ...{ healthy: v2c(healthy), faulty, mutants, healthy_ports: PORTS, poll_ms_max: POLL_MS_MAX },
  });
  t.diagnostic(JSON.stringify(report));
  for (const { name, ms, said } of report.faulty) {
    assert.equal(said === 'ok', GOOD_IN_THE_END.has(name), `${name}: ${said}`);
    assert.ok(ms < POLL_MS_MAX + 1_000, `${name} took ${ms} ms`);
  }
  assert.ok(report.damaged >= mutants.reduce((sum, { datagrams }) => sum + datagrams, 0));
  assert.ok(report.healthy_polls >= 20, `${report.healthy_polls} polls`);
  assert.equal(report.healthy_lost, 0);
  assert.ok(report.grown_bytes <= GROWTH_BYTES_MAX, `grown by ${report.grown_bytes} bytes`);
});
