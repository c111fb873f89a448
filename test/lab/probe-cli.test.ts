import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

// A cable between two namespaces of our own; the far host drops echo requests when told so.
const NEAR = 'lpt-probe-a';
const FAR = 'lpt-probe-b';
const HOST = '10.251.10.2';
const ABSENT = '10.251.10.9';
const OTHER_MAC = '02:00:00:00:00:01';
const root = process.getuid?.() === 0;
const skip = root ? false : 'needs root for network namespaces';

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}

function probe(...args: string[]): { code: number | null; out: string; err: string } {
  const command = ['netns', 'exec', NEAR, process.execPath, 'lanproof.mjs', 'probe', ...args];
  const { status, stdout, stderr } = spawnSync('ip', command, { encoding: 'utf8' });
  return { code: status, out: stdout.trim(), err: stderr };
}

before(() => {
  if (!root) return;
  for (const space of [NEAR, FAR]) ip('netns', 'add', space);
  ip('link', 'add', 'near', 'netns', NEAR, 'type', 'veth', 'peer', 'name', 'far', 'netns', FAR);
  ip('-n', NEAR, 'addr', 'add', '10.251.10.1/24', 'dev', 'near');
  ip('-n', FAR, 'addr', 'add', `${HOST}/24`, 'dev', 'far');
  for (const [space, nic] of [
    [NEAR, 'lo'] as const,
    [NEAR, 'near'] as const,
    [FAR, 'far'] as const,
  ]) {
    ip('-n', space, 'link', 'set', nic, 'up');
  }
});

after(() => {
  if (!root) return;
  for (const space of [NEAR, FAR]) ip('netns', 'del', space);
});

test('probe tells r, a, n, x and l apart as a batch would', { skip }, () => {
  const good = probe('icmp', HOST, '--debug');
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /^r {2}echo answered/);
  assert.match(good.err, /it is in an own private network/);
  assert.match(good.err, /on the own subnet of near: carrier/);
  assert.match(probe('arp', HOST).out, /^r {2}ARP answered \(by [0-9a-f:]{17}\)$/);
  const foreign = probe('icmp', HOST, '--mac', OTHER_MAC);
  assert.equal(foreign.code, 1);
  assert.match(foreign.out, /^x {2}another machine answers for it/);
  ip('netns', 'exec', FAR, 'sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1');
  assert.match(probe('icmp', HOST, '--timeout', '300').out, /^a {2}no echo, but ARP was answered/);
  assert.match(probe('arp', ABSENT).out, /^n {2}/);
  assert.match(probe('icmp', ABSENT, '--timeout', '300').out, /^n {2}/);
  assert.match(probe('icmp', '10.99.0.9').out, /^x {2}not sent: no route/);
  assert.match(probe('icmp', '10.251.10.1').err, /TARGET_OWN_ADDRESS/);
  ip('-n', FAR, 'link', 'set', 'far', 'down');
  const cut = probe('icmp', HOST);
  assert.equal(cut.code, 1);
  assert.match(cut.out, /^l {2}/);
});
