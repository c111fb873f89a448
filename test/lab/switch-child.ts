import { createInterface } from 'node:readline';
import { createSnmpDevice } from '../../deploy/demo/snmp/device.ts';
import type { Mib } from '../../deploy/demo/snmp/mib.ts';
import { createSwitchMib } from '../../deploy/demo/switch/switch-mib.ts';
import { createSwitchModel, type SwitchModel } from '../../deploy/demo/switch/switch-model.ts';
import { SNMP_COMMUNITY } from './topology.ts';

/**
 * A managed switch in a namespace of the lab: `switch-child.ts ADDRESS 32|64` serves SNMP on port
 * 161 with 32- or 64-bit octets. Commands come as JSON lines on the standard input; for each
 * request it answers, a line says what its counters were at that instant.
 */
const [address = '127.0.0.1', width = '64'] = process.argv.slice(2);
const PORTS = 4;
const SEED = 7;
const BEFORE_MS = 2 * 3_600_000;
/** The octets of the uplink pass 2^32 this long after the first request. */
const WRAP_MS = 15_000;
const WRAP = 2n ** 32n;

/** A fault for people to make; each says so on the standard output when it is done. */
type Command =
  | { readonly do: 'reboot'; readonly off_ms: number }
  /** Damaged frames at once: counted by ifInErrors and FCS or alignment, or by FCS alone. */
  | { readonly do: 'errors'; readonly port: number; readonly errors: number; readonly fcs: number }
  /** Half duplex as if it had been so since the switch was started. */
  | { readonly do: 'half'; readonly port: number };

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

let model: SwitchModel | undefined;
let read: (() => Mib) | undefined;
let now_ms = Date.now();

/** The model of a switch that was started two hours ago. */
function build(octets_before: bigint): SwitchModel {
  return createSwitchModel({
    ports: PORTS,
    name: `sw-${address}`,
    descr: 'LanProof lab switch',
    seed: SEED,
    clock: () => now_ms,
    booted_ms: now_ms - BEFORE_MS,
    connected: () => true,
    has_64_bit: () => width === '64',
    octets_before,
  });
}

function begin(): SwitchModel {
  const then = build(0n).snapshot(now_ms + WRAP_MS).ports[PORTS - 1];
  return build(WRAP - ((then?.in_octets ?? 0n) % WRAP));
}

/** One request: everything in its answer is of this instant. */
function serve(): Mib {
  now_ms = Date.now();
  model ??= begin();
  read ??= createSwitchMib(model, () => now_ms);
  const mib = read();
  const { sys_uptime_ticks, engine_boots, ports } = model.snapshot(now_ms);
  const told = ports.map((port) => ({
    dot3StatsFCSErrors: String(port.fcs_errors),
    dot3StatsAlignmentErrors: String(port.alignment_errors),
    dot3StatsLateCollisions: String(port.late_collisions),
    dot3StatsDuplexStatus: port.duplex === 'half' ? '2' : '3',
    ifInErrors: String(port.in_errors),
    ifInOctets: String(port.in_octets % WRAP),
    ifHCInOctets: String(port.in_octets),
  }));
  const at_mono_ms = Number(process.hrtime.bigint()) / 1e6;
  say({ said: 'served', at_ms: now_ms, at_mono_ms, sys_uptime_ticks, engine_boots, ports: told });
  return mib;
}

const MANY_MS = 100_000;

function obey(command: Command): void {
  if (model === undefined) throw new Error('nobody asked the switch yet');
  now_ms = Date.now();
  if (command.do === 'reboot') model.reboot(now_ms, command.off_ms);
  else if (command.do === 'half') {
    model.change(command.port, { duplex: 'half' }, now_ms - BEFORE_MS + 1);
  } else {
    const per_s = MANY_MS / 1_000;
    const { port, errors, fcs } = command;
    const rates = { errors_per_s: errors / per_s, fcs_per_s: fcs / per_s };
    model.change(port, rates, now_ms - MANY_MS);
    model.change(port, { errors_per_s: 0, fcs_per_s: 0 }, now_ms);
  }
  say({ said: 'done', at_ms: now_ms });
}

await createSnmpDevice({
  address,
  port: 161,
  community: SNMP_COMMUNITY,
  mib: serve,
  silent: () => model?.isSilent(Date.now()) ?? false,
});
say({ said: 'ready' });
for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line));
process.exit();
