import { createInterface } from 'node:readline';
import type { SnmpValue } from '../../../deploy/demo/snmp/ber.ts';
import { createSnmpDevice } from '../../../deploy/demo/snmp/device.ts';
import type { Mib } from '../../../deploy/demo/snmp/mib.ts';
import { createSwitchMib } from '../../../deploy/demo/switch/switch-mib.ts';
import { createSwitchModel } from '../../../deploy/demo/switch/switch-model.ts';
import type { PortState } from '../../../deploy/demo/switch/switch-port.ts';
import { SNMP_COMMUNITY } from '../topology.ts';

/**
 * SNMP of a managed device: `switch-program.ts ADDRESS PORTS`. Commands come as JSON lines on the
 * standard input, each is answered by a line when it is done. What its ports say follows the lab's
 * cords because whoever pulls one says so here.
 */
export type SwitchCommand =
  | { readonly do: 'change'; readonly port: number; readonly patch: Partial<PortState> }
  /** The mains go, or come back and all counters begin anew. */
  | { readonly do: 'power'; readonly on: boolean }
  /** Only the SNMP process begins anew: its uptime is 0 again, the host's is not. */
  | { readonly do: 'snmp-restart' }
  /** Octets of port 1 (32 bits) and the uptime pass 2^32 at this time. */
  | { readonly do: 'wrap-at'; readonly at_ms: number };

const [address = '127.0.0.1', ports = '8'] = process.argv.slice(2);
const BEFORE_MS = 2 * 3_600_000;
/** What a small switch needs until its SNMP answers. */
const BOOT_MS = 500;
const TICK_MS = 10;
const WRAP = 2 ** 32;
const UPTIME = '1.3.6.1.2.1.1.3.0';
const ENGINE_BOOTS = '1.3.6.1.6.3.10.2.1.2.0';
const ENGINE_TIME = '1.3.6.1.6.3.10.2.1.3.0';
const LAST_CHANGE = '1.3.6.1.2.1.2.2.1.9.';
/** ifInOctets of port 1; ifHCInOctets is not served for it. */
const NARROW = '1.3.6.1.2.1.2.2.1.10.1';

let now_ms = Date.now();
let off_since_ms: number | null = null;
/** Uptime of the host when its SNMP process began anew, ticks. */
let snmp_since: number | null = null;
let more_boots = 0;
let uptime_ahead = 0;
let octets_ahead = 0;

const model = createSwitchModel({
  ports: Number(ports),
  name: `sw-${address}`,
  descr: 'LanProof lab switch',
  seed: 7,
  clock: () => now_ms,
  booted_ms: now_ms - BEFORE_MS,
  uplink: 1,
  connected: () => true,
  has_64_bit: (port) => port !== 1,
});
// Some begin with a slow one: there a fault that makes it slow would be none.
for (let port = 1; port <= Number(ports); port += 1) {
  model.change(port, { speed_mbps: 1_000 }, now_ms - BEFORE_MS);
}
const served = createSwitchMib(model, () => now_ms);

/** What the faults make of a value. */
function seen(oid: string, value: SnmpValue | undefined): SnmpValue | undefined {
  if (value === undefined || !('value' in value) || typeof value.value !== 'number') return value;
  const as = (number: number): SnmpValue => ({ ...value, value: number }) as SnmpValue;
  if (oid === NARROW) return as((value.value + octets_ahead) % WRAP);
  if (oid === ENGINE_BOOTS) return as(value.value + more_boots);
  if (snmp_since !== null) {
    if (oid === UPTIME || oid.startsWith(LAST_CHANGE)) {
      return as(Math.max(0, value.value - snmp_since));
    }
    if (oid === ENGINE_TIME) return as(value.value - Math.floor((snmp_since * TICK_MS) / 1_000));
  }
  const whole = oid === UPTIME || oid.startsWith(LAST_CHANGE);
  return whole && uptime_ahead > 0 ? as((value.value + uptime_ahead) % WRAP) : value;
}

function overlaid(mib: Mib): Mib {
  return {
    get: (oid) => seen(oid, mib.get(oid)),
    next(oid) {
      const found = mib.next(oid);
      const value = found === undefined ? undefined : seen(found.oid, found.value);
      return found === undefined || value === undefined ? undefined : { oid: found.oid, value };
    },
  };
}

function power(on: boolean): void {
  if (!on) off_since_ms ??= now_ms;
  else if (off_since_ms !== null) {
    model.reboot(off_since_ms, now_ms - off_since_ms + BOOT_MS);
    off_since_ms = null;
    snmp_since = null;
    uptime_ahead = 0;
    octets_ahead = 0;
  }
}

function wrapAt(at_ms: number): void {
  const { sys_uptime_ticks, ports: all } = model.snapshot(at_ms);
  uptime_ahead = (2 * WRAP - sys_uptime_ticks) % WRAP;
  const octets = Number((all[0]?.in_octets ?? 0n) % BigInt(WRAP));
  octets_ahead = WRAP - octets;
}

function obey(command: SwitchCommand): void {
  now_ms = Date.now();
  if (command.do === 'change') model.change(command.port, command.patch, now_ms);
  else if (command.do === 'power') power(command.on);
  else if (command.do === 'wrap-at') wrapAt(command.at_ms);
  else {
    snmp_since = model.snapshot(now_ms).sys_uptime_ticks;
    uptime_ahead = 0;
    more_boots += 1;
  }
  process.stdout.write('{"said":"done"}\n');
}

await createSnmpDevice({
  address,
  port: 161,
  community: SNMP_COMMUNITY,
  mib: () => {
    now_ms = Date.now();
    return overlaid(served());
  },
  silent: () => off_since_ms !== null || model.isSilent(Date.now()),
});
process.stdout.write('{"said":"ready"}\n');
for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line));
process.exit();
