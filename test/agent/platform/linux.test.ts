import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createLinuxPlatform } from '../../../agent/platform/linux.ts';
import { ClockWatch } from '../../../agent/platform/watch-clock.ts';
import { createWindowsPlatform } from '../../../agent/platform/windows.ts';
import { LanProofError } from '../../../shared/errors.ts';

/** A machine's /proc and /sys as files. */
function tree(files: Record<string, string>): { root: string; [Symbol.dispose]: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'lanproof-root-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

function address(ip: string, prefix: number, internal = false): NetworkInterfaceInfo {
  const base = { address: ip, netmask: '', mac: '', internal, cidr: `${ip}/${prefix}` };
  return ip.includes(':') ? { ...base, family: 'IPv6', scopeid: 0 } : { ...base, family: 'IPv4' };
}

test('the clocks of this machine run and agree', () => {
  const platform = createLinuxPlatform();
  const a = platform.monotonic_ms();
  assert.ok(platform.monotonic_ms() >= a);
  assert.ok(platform.boottime_ms() > a - 1000);
  assert.ok(Math.abs(platform.wall_ms() - Date.now()) < 1000);
  assert.match(platform.bootId(), /^[0-9a-f-]{36}$/);
  assert.ok(platform.nics().every((nic) => nic.name !== 'lo'));
});

test('interfaces are read with what the kernel knows, and gaps are null', () => {
  using fs = tree({
    'sys/class/net/lo/address': '00:00:00:00:00:00\n',
    'sys/class/net/eth0/address': '02:AA:00:00:00:01\n',
    'sys/class/net/eth0/speed': '1000\n',
    'sys/class/net/eth0/duplex': 'full\n',
    'sys/class/net/eth0/carrier': '1\n',
    'sys/class/net/eth0/carrier_changes': '4\n',
    'sys/class/net/eth0/statistics/rx_packets': '77\n',
    'sys/class/net/wwan0/address': '\n',
    'sys/class/net/wwan0/speed': '-1\n',
  });
  const interfaces = () => ({ eth0: [address('192.0.2.2', 24), address('fd00::2', 64)] });
  const platform = createLinuxPlatform({ root: fs.root, interfaces });
  assert.deepEqual(platform.carrier('eth0'), { carrier: true, carrier_changes: 4 });
  assert.deepEqual(platform.carrier('gone0'), { carrier: null, carrier_changes: null });
  assert.deepEqual(platform.nics(), [
    {
      name: 'eth0',
      cidrs: ['192.0.2.2/24', 'fd00::2/64'],
      mac: '02:aa:00:00:00:01',
      speed_mbps: 1000,
      duplex: 'full',
      carrier: true,
      carrier_changes: 4,
      rx_packets: 77,
    },
    {
      name: 'wwan0',
      cidrs: [],
      mac: null,
      speed_mbps: null,
      duplex: null,
      carrier: null,
      carrier_changes: null,
      rx_packets: null,
    },
  ]);
});

test('the default interface is that of the least metric, IPv6 when there is no IPv4 route', () => {
  const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n';
  const row = (name: string, flags: string, metric: number): string =>
    `${name}\t00000000\t010200C0\t${flags}\t0\t0\t${metric}\t00000000\t0\t0\t0\n`;
  using four = tree({
    'proc/net/route': `${head}${row('wlan0', '0003', 600)}${row('eth0', '0003', 100)}${row('x', '0200', 0)}`,
  });
  assert.equal(createLinuxPlatform({ root: four.root }).defaultNic(), 'eth0');
  const zero = '0'.repeat(32);
  using six = tree({
    'proc/net/route': head,
    'proc/net/ipv6_route': `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200 lo\n${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth1\n`,
  });
  assert.equal(createLinuxPlatform({ root: six.root }).defaultNic(), 'eth1');
  using none = tree({});
  assert.equal(createLinuxPlatform({ root: none.root }).defaultNic(), null);
});

test('an address is on link by the longest own prefix; loopback never', () => {
  const interfaces = () => ({
    lo: [address('127.0.0.1', 8, true)],
    eth0: [address('10.0.0.1', 8)],
    eth1: [address('10.1.0.1', 16), address('fd00::2', 64)],
  });
  const { onLink } = createLinuxPlatform({ interfaces });
  assert.equal(onLink('10.1.2.3'), 'eth1');
  assert.equal(onLink('10.2.2.3'), 'eth0');
  assert.equal(onLink('fd00::9'), 'eth1');
  assert.equal(onLink('127.0.0.9'), null);
  assert.equal(onLink('192.0.2.1'), null);
  assert.equal(onLink('nonsense'), null);
});

test('line power: mains decides, else the battery, else nobody knows', () => {
  const supply = 'sys/class/power_supply';
  using mains = tree({
    [`${supply}/AC/type`]: 'Mains\n',
    [`${supply}/AC/online`]: '0\n',
    [`${supply}/BAT0/type`]: 'Battery\n',
    [`${supply}/BAT0/status`]: 'Full\n',
  });
  using battery = tree({
    [`${supply}/BAT0/type`]: 'Battery\n',
    [`${supply}/BAT0/status`]: 'Discharging\n',
  });
  using none = tree({});
  assert.equal(createLinuxPlatform({ root: mains.root }).onAcLine(), false);
  assert.equal(createLinuxPlatform({ root: battery.root }).onAcLine(), false);
  assert.equal(createLinuxPlatform({ root: none.root }).onAcLine(), null);
});

test('a pulled cord is told once, and watching ends with its signal', async () => {
  using fs = tree({ 'sys/class/net/eth0/carrier': '1\n' });
  const seen: (boolean | null)[] = [];
  const stop = new AbortController();
  const pulled = Promise.withResolvers<void>();
  createLinuxPlatform({ root: fs.root }).watchCarrier(
    'eth0',
    (carrier) => {
      seen.push(carrier);
      if (carrier === false) pulled.resolve();
    },
    stop.signal,
  );
  writeFileSync(join(fs.root, 'sys/class/net/eth0/carrier'), '0\n');
  await pulled.promise;
  stop.abort();
  assert.deepEqual(seen, [true, false]);
});

test('a step, a sleep and both at once are told apart; small moves add up', () => {
  const watch = new ClockWatch();
  const at = (monotonic_ms: number, wall: number, slept: number) =>
    watch.sample({
      monotonic_ms,
      wall_ms: 1e12 + monotonic_ms + wall,
      boottime_ms: monotonic_ms + slept,
    });
  assert.deepEqual(at(0, 0, 0), []);
  assert.deepEqual(at(200, 60, 10), []);
  assert.deepEqual(at(400, 120, 0), [{ kind: 'step', by_ms: 120 }]);
  assert.deepEqual(at(600, 120 - 5000, 0), [{ kind: 'step', by_ms: -5000 }]);
  assert.deepEqual(at(800, -4880 + 60_000, 60_000), [{ kind: 'suspend', for_ms: 60_000 }]);
  assert.deepEqual(at(1000, 55_120 + 1000 + 700, 61_000), [
    { kind: 'suspend', for_ms: 1000 },
    { kind: 'step', by_ms: 700 },
  ]);
});

test('clock synchronisation: chrony, then the kernel, then systemd, then nobody', async () => {
  const ask = (answers: Record<string, string>) =>
    createLinuxPlatform({ run: async (path) => answers[path] ?? null }).clockSync();
  const chrony =
    'C0000201,192.0.2.1,3,1795413295.1,0.001000000,0.0,0.0,1.0,0.0,0.01,0.004000000,0.000500000,64.0,Normal\n';
  const synced = await ask({ chronyc: chrony, timedatectl: 'no' });
  assert.equal(synced.source, 'chrony');
  assert.ok(synced.synchronised && Math.abs((synced.error_ms ?? 0) - 3.5) < 1e-9);
  const lost = chrony.replace('Normal', 'Not synchronised');
  assert.deepEqual(await ask({ chronyc: lost }), {
    source: 'chrony',
    synchronised: false,
    error_ms: null,
  });
  const ntptime =
    'ntp_gettime() returns code 0 (OK)\n  maximum error 12500 us, estimated error 2 us';
  assert.deepEqual(await ask({ ntptime }), {
    source: 'kernel',
    synchronised: true,
    error_ms: 12.5,
  });
  const adjtimex = '       status: 64\n     maxerror: 16000000\n';
  assert.equal((await ask({ adjtimex })).synchronised, false);
  assert.deepEqual(await ask({ timedatectl: 'yes\n' }), {
    source: 'kernel',
    synchronised: true,
    error_ms: null,
  });
  assert.equal((await ask({})).source, 'none');
  assert.equal((await ask({ chronyc: 'garbage', timedatectl: '?' })).source, 'none');
});

test('Windows says clearly that it is not built yet', () => {
  assert.throws(
    createWindowsPlatform,
    (error) => error instanceof LanProofError && error.code === 'PLATFORM_UNSUPPORTED',
  );
});

test('the neighbour table: complete Ethernet entries; null where it cannot be read', () => {
  using fs = tree({
    'proc/net/arp': [
      'IP address       HW type     Flags       HW address            Mask     Device',
      '10.0.0.1         0x1         0x2         00:23:24:0a:00:01     *        eth0',
      '10.0.0.2         0x1         0x0         00:00:00:00:00:00     *        eth0',
      '10.0.0.3         0x1         0x6         00:23:24:0a:00:03     *        br0',
      '10.0.0.4         0x1         0x0         00:23:24:0a:00:04     *        eth0',
      '10.0.0.5         0x20        0x2         80:00:00:48:fe:80     *        ib0',
      '10.0.0.6         0x1         0xc         00:23:24:0a:00:06     *        eth0',
      '',
    ].join('\n'),
  });
  assert.deepEqual(createLinuxPlatform({ root: fs.root }).neighbours(), [
    { address: '10.0.0.1', mac: '00:23:24:0a:00:01', nic: 'eth0' },
    { address: '10.0.0.3', mac: '00:23:24:0a:00:03', nic: 'br0' },
  ]);
  assert.equal(createLinuxPlatform({ root: '/nonexistent' }).neighbours(), null);
  assert.ok(createLinuxPlatform().neighbours() !== null);
});
