import assert from 'node:assert/strict';
import test from 'node:test';
import { AGENT, LAB_DEVICES, SITE, TIMEOUT_MS } from './inventory.ts';
import { type Period, Session, type ToldSlot } from './session.ts';
import { labSkip } from './shell.ts';
import { addressOf, type DeviceName, LAN_PREFIX, macOf } from './topology.ts';
import { lasts, until } from './wait.ts';

/** Where the printer's DHCP lease leads it, and devices whose identity is known. */
const MOVED_TO = `${LAN_PREFIX}150`;
const KNOWN: readonly DeviceName[] = ['srv', 'cam', 'prn', 'pc1', 'pc2'];
/** Known by its MAC alone: no address stands in the inventory. */
const BY_MAC_ALONE: DeviceName = 'srv';
const FOUND_MS_MAX = 60_000;
/** How long a thief keeps the address; then the network calms down by itself. */
const THEFT_MS = 14_000;

const ownMac = (device: DeviceName): string => macOf(device, 1);

function inventory(): string {
  const devices = LAB_DEVICES.map(({ code, kind, at, interval_s }) => {
    const address = at === BY_MAC_ALONE ? '' : `, address: ${addressOf(at)}`;
    const mac = KNOWN.includes(at) ? `, mac: "${ownMac(at)}"` : '';
    const icmp = `icmp: { interval_s: ${interval_s}, timeout_ms: ${TIMEOUT_MS} }`;
    return `  - { code: ${code}, kind: ${kind}${address}${mac}, probes: { ${icmp} } }`;
  });
  return [
    'unit: { code: xa-lab, name: "UBND xã Lab" }',
    `site: { code: ${SITE}, name: "Trụ sở UBND xã Lab" }`,
    `agents: [{ code: ${AGENT}, address: ${addressOf('agent')} }]`,
    'devices:',
    ...devices,
    '',
  ].join('\n');
}

const indexOf = (device: DeviceName): number => LAB_DEVICES.findIndex(({ at }) => at === device);

/** The server takes the address of another device, answers pings there, and gives it up again. */
async function steal(s: Session, victim: DeviceName, announced: boolean): Promise<Period> {
  const address = addressOf(victim);
  const from_ms = Date.now();
  s.lan.exec('srv', 'ip', ['addr', 'add', `${address}/32`, 'dev', 'eth0']);
  if (announced) {
    // What Windows and Linux with arp_notify do when an address is configured.
    const args = ['-U', '-c', '2', '-W', '0.2', '-i', 'eth0', '-S', address, address];
    s.lan.exec('srv', 'sh', ['-c', `arping ${args.join(' ')} >/dev/null; true`]);
  }
  // The kernel asks who it is when its entry has aged, 15 to 45 s: the entry ages at once here.
  if (!announced) s.lan.exec('agent', 'ip', ['neigh', 'flush', 'to', address]);
  await lasts(THEFT_MS);
  s.lan.exec('srv', 'ip', ['addr', 'del', `${address}/32`, 'dev', 'eth0']);
  return { from_ms, to_ms: Date.now() };
}

/** Slots in which the wire saw an echo reply from one of these addresses, by the sender's MAC. */
function replies(s: Session, addresses: readonly string[], by: (mac: string) => boolean) {
  const slots = new Set<number>();
  for (const frame of s.capture.frames()) {
    if (frame.kind !== 'echo-reply' || !addresses.includes(frame.from) || !by(frame.mac)) continue;
    slots.add(Math.floor(frame.at_ms / 1000) * 1000);
  }
  return slots;
}

const named = (s: Session, code: string, device: DeviceName) =>
  s.events().filter((event) => event.code === code && event.target === indexOf(device));

test('who answers is who is meant', { skip: labSkip() }, async (t) => {
  const s = await Session.open(t, 'i', { inventory: inventory() });
  const steady_ms = await s.steady();

  const began_ms = Date.now();
  s.lan.exec('prn', 'ip', ['addr', 'flush', 'dev', 'eth0']);
  s.lan.exec('prn', 'ip', ['addr', 'add', `${MOVED_TO}/24`, 'dev', 'eth0']);
  s.lan.setPower(['pc1'], false);
  const thefts = Promise.all([
    steal(s, 'cam', true),
    lasts(1000).then(() => steal(s, 'pc1', false)),
  ]);
  const found_ms = await until('the printer is asked where it is', FOUND_MS_MAX, () => {
    const heard = replies(s, [MOVED_TO], (mac) => mac === ownMac('prn'));
    return heard.size > 0 && Date.now();
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${s.tail()}`);
  });
  t.diagnostic(`found after ${found_ms - began_ms} ms`);
  await thefts;
  s.lan.setPower(['pc1'], true);
  await until('all are up again', FOUND_MS_MAX, async () => {
    const states = await s.states();
    return LAB_DEVICES.every(({ code }) => states.get(code) === 'up');
  });

  const to_ms = await s.recorded(Date.now());
  const from_ms = Math.floor(began_ms / 60_000) * 60_000;
  const seen = { from_ms: Math.ceil(steady_ms / 1000) * 1000, to_ms };
  const told = async (device: DeviceName): Promise<ToldSlot[]> =>
    (await s.told(device, { from_ms, to_ms })).filter((slot) => slot.from_ms >= seen.from_ms);

  await t.test('no answer of another machine counts, and each that counts is its own', async () => {
    for (const device of ['cam', 'pc1', 'prn', 'srv'] as const) {
      const addresses = [addressOf(device), ...(device === 'prn' ? [MOVED_TO] : [])];
      const own = replies(s, addresses, (mac) => mac === ownMac(device));
      const strange = replies(s, addresses, (mac) => mac !== ownMac(device));
      const stolen = device === 'cam' || device === 'pc1';
      if (stolen)
        assert.ok(strange.size >= 3, `${device}: the thief answered ${strange.size} times`);
      for (const slot of await told(device)) {
        const at = `${device} ${new Date(slot.from_ms).toISOString()} ${slot.code}`;
        if (strange.has(slot.from_ms)) assert.notEqual(slot.code, 'r', at);
        if (slot.code === 'r') assert.ok(own.has(slot.from_ms), `${at}: nobody answered`);
      }
    }
  });

  await t.test('a thief while the owner is off: x and mac_conflict, never down', async () => {
    assert.ok(named(s, 'mac_conflict', 'pc1').length >= 1);
    const strange = replies(s, [addressOf('pc1')], (mac) => mac !== ownMac('pc1'));
    const slots = (await told('pc1')).filter(({ from_ms: at }) => strange.has(at));
    assert.ok(slots.length >= 3);
    for (const slot of slots) assert.deepEqual([slot.code, slot.class], ['x', 'not_sent']);
  });

  await t.test('two at once: address_duplicate', () => {
    assert.equal(named(s, 'address_duplicate', 'cam').length, 1);
    assert.deepEqual(named(s, 'address_moved', 'cam'), []);
  });

  await t.test('a DHCP move is found and signed, and nobody else loses a slot', async () => {
    assert.equal(named(s, 'address_moved', 'prn').length, 1);
    const after = (await told('prn')).filter((slot) => slot.from_ms > found_ms);
    assert.ok(after.length > 10 && after.every(({ code }) => code === 'r'));
    for (const device of ['gw', 'core', 'acc', 'srv'] as const) {
      const other = (await told(device)).filter(({ code }) => code !== 'r');
      assert.deepEqual(other, [], device);
    }
  });

  await t.test('the PC that drops echoes is measured by ARP all the time', async () => {
    const other = (await told('pc2')).filter(({ code }) => code !== 'a');
    assert.deepEqual(other, []);
  });
});
