import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { createLinuxPlatform } from '../../agent/platform/linux.ts';
import { createArpProber } from '../../agent/probe/arp.ts';
import { createFpingEngine } from '../../agent/probe/icmp-fping.ts';
import { RecordingSink, realClock, target, until } from '../agent/probe/recording-sink.ts';

// A cable of our own: one end here, the other in a namespace whose host drops echo requests.
const SPACE = 'lpt-arp';
const NIC = 'lpt-a0';
const FAR = 'lpt-a1';
const HERE = '10.251.9.1';
const DROPS_ECHO = '10.251.9.2';
const ANSWERS_MAC_WRONG = '10.251.9.3';
const ABSENT = '10.251.9.4';
const root = process.getuid?.() === 0;
const skip = root ? false : 'needs root for a network namespace';

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

before(() => {
  if (!root) return;
  ip('netns', 'add', SPACE);
  ip('link', 'add', NIC, 'type', 'veth', 'peer', 'name', FAR, 'netns', SPACE);
  ip('addr', 'add', `${HERE}/24`, 'dev', NIC);
  ip('link', 'set', NIC, 'up');
  for (const address of [DROPS_ECHO, ANSWERS_MAC_WRONG]) {
    ip('-n', SPACE, 'addr', 'add', `${address}/24`, 'dev', FAR);
  }
  ip('-n', SPACE, 'link', 'set', FAR, 'up');
  ip('netns', 'exec', SPACE, 'sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1');
});

after(() => {
  if (!root) return;
  ip('netns', 'del', SPACE);
  try {
    // The kernel removes the near end with the namespace, a moment later.
    ip('link', 'del', NIC);
  } catch {
    // It was faster.
  }
});

test('a host that drops echo is a, a dead one n, another machine x', { skip }, async () => {
  const { onLink } = createLinuxPlatform();
  assert.equal(onLink(DROPS_ECHO), NIC);
  const arp = await createArpProber({ nic_for: onLink, check_nic: NIC, check_address: HERE });
  assert.ok(arp !== null, 'arping or arp-scan is not installed');
  const sink = new RecordingSink();
  const foreign: number[] = [];
  const clock = realClock();
  const engine = await createFpingEngine({
    ...{ sink, clock, arp, max_packets_per_s: 1000 },
    onForeignMac: (index) => foreign.push(index),
  });
  const slow = { interval_ms: 5000, timeout_ms: 500, arp_on_silence: true };
  const list = [
    target(0, DROPS_ECHO, slow),
    target(1, ANSWERS_MAC_WRONG, { ...slow, mac: '02:00:00:00:00:01' }),
    target(2, ABSENT, slow),
    target(3, HERE, slow),
    target(4, DROPS_ECHO, { interval_ms: 1000 }),
  ];
  try {
    await engine.apply(list, 0);
    await until('a slow row', () => sink.ticksOf(0).length >= 1);
  } finally {
    await engine.stop();
  }
  const first = (index: number): string | undefined => sink.ticksOf(index)[0]?.code;
  assert.deepEqual([0, 1, 2, 3, 4].map(first), ['a', 'x', 'n', 'r', 'n']);
  assert.deepEqual(foreign, [1]);
});

test('without a route nothing was sent: x, and fping is not taken for hung', { skip }, async () => {
  const sink = new RecordingSink();
  const clock = realClock();
  const engine = await createFpingEngine({ sink, clock, arp: null, max_packets_per_s: 1000 });
  ip('route', 'add', 'unreachable', '10.251.10.0/24');
  try {
    await engine.apply([target(0, '10.251.10.9')], 0);
    await until('rows', () => sink.rowsOf(0).length >= 4);
  } finally {
    await engine.stop();
    ip('route', 'del', 'unreachable', '10.251.10.0/24');
  }
  assert.ok(sink.rowsOf(0).every((row) => row.codes[0] === 'x'));
  assert.deepEqual(sink.problems, []);
});
