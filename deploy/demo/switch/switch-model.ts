import {
  createSwitchPort,
  type PortCounters,
  type PortState,
  type SwitchPort,
} from './switch-port.ts';
import { noise } from './switch-traffic.ts';

export interface SwitchOptions {
  /** Ports, 1–512, numbered from 1. */
  readonly ports: number;
  readonly name: string;
  readonly descr: string;
  readonly seed: number;
  /** Epoch ms. Faults without a time happen at `clock()`. */
  readonly clock: () => number;
  /** Last start before the model's history, epoch ms; default 40 days before `clock()`. */
  readonly booted_ms?: number;
  /** Port towards the gateway; default the last one. */
  readonly uplink?: number;
  /** Ports with 64-bit counters; default all. */
  readonly has_64_bit?: (port: number) => boolean;
  /** Ports with a cable; default the uplink and about three of four others. */
  readonly connected?: (port: number) => boolean;
  /** ifIndex of a port; default its number. Many vendors use sparse ones. */
  readonly if_index?: (port: number) => number;
  /** Added to the octet counters until the first restart. */
  readonly octets_before?: bigint;
}

export interface PortSnapshot extends PortState, PortCounters {
  readonly port: number;
  readonly if_index: number;
  readonly if_name: string;
  readonly if_descr: string;
  readonly if_alias: string;
  readonly has_64_bit: boolean;
  /** sysUpTime at the last change of the link, hundredths of a second. */
  readonly last_change_ticks: number;
}

export interface SwitchSnapshot {
  readonly at_ms: number;
  /** Without power, or told to be silent: it answers nothing. */
  readonly silent: boolean;
  readonly sys_name: string;
  readonly sys_descr: string;
  /** Hundredths of a second since its start, modulo 2^32. */
  readonly sys_uptime_ticks: number;
  /** Starts so far, from 1. */
  readonly engine_boots: number;
  /** Seconds since its start. */
  readonly engine_time_s: number;
  readonly ports: readonly PortSnapshot[];
}

/** A switch whose whole past can be asked for: the same calls give the same history. */
export interface SwitchModel {
  snapshot(at_ms: number): SwitchSnapshot;
  isSilent(at_ms: number): boolean;
  portDown(port: number, at_ms?: number): void;
  portUp(port: number, at_ms?: number): void;
  change(port: number, patch: Partial<PortState>, at_ms?: number): void;
  /** Damaged frames on a port from then on. */
  errors(port: number, rate_per_s: number, at_ms?: number): void;
  /** Off for `off_ms` (default REBOOT_MS), then up with counters and sysUpTime from 0. */
  reboot(at_ms?: number, off_ms?: number): void;
  silent(on: boolean, at_ms?: number): void;
}

/** What a small managed switch takes to start, ms. */
export const REBOOT_MS = 50_000;
const HISTORY_MS = 40 * 86_400_000;
/** Links of a starting switch come up one after another, ms after its start. */
const FIRST_LINK_MS = 8_000;
const TICK_MS = 10;
const ACCESS = { in_octets_per_s: 25_000, out_octets_per_s: 110_000 };
/** An uplink carries what all access ports carry together, the other way round. */
const UPLINK = { in_octets_per_s: 1_400_000, out_octets_per_s: 320_000 };

interface Boot {
  readonly off_ms: number;
  readonly boot_ms: number;
}

function buildPorts(options: SwitchOptions, from_ms: number): SwitchPort[] {
  const { ports, seed, uplink = ports } = options;
  const cabled = options.connected ?? ((port) => port === uplink || noise(seed, port, 1) < 0.75);
  return Array.from({ length: ports }, (_, i) => {
    const port = i + 1;
    const initial: PortState = {
      link_up: cabled(port),
      admin_up: true,
      speed_mbps: port === uplink || noise(seed, port, 2) < 0.8 ? 1_000 : 100,
      duplex: 'full',
      errors_per_s: 0,
      fcs_per_s: 0,
    };
    return createSwitchPort(seed, port, from_ms, initial, port === uplink ? UPLINK : ACCESS);
  });
}

export function createSwitchModel(options: SwitchOptions): SwitchModel {
  const { seed, clock, octets_before = 0n } = options;
  const booted_ms = options.booted_ms ?? clock() - HISTORY_MS;
  const boots: Boot[] = [{ off_ms: booted_ms, boot_ms: booted_ms }];
  const silences: { at_ms: number; on: boolean }[] = [];
  const ports = buildPorts(options, booted_ms);

  function bootAt(at_ms: number): Boot {
    return boots.findLast((boot) => boot.off_ms <= at_ms) ?? { off_ms: 0, boot_ms: booted_ms };
  }
  function isSilent(at_ms: number): boolean {
    const told = silences.findLast((silence) => silence.at_ms <= at_ms);
    return told?.on === true || at_ms < bootAt(at_ms).boot_ms;
  }
  function portSnapshot(model: SwitchPort, port: number, at_ms: number): PortSnapshot {
    const { boot_ms } = bootAt(at_ms);
    const counters = model.countersAt(boot_ms, Math.max(at_ms, boot_ms));
    const before = boot_ms === booted_ms ? octets_before : 0n;
    const first_link_ms = boot_ms + FIRST_LINK_MS * (1 + noise(seed, port, 3));
    const state = model.stateAt(at_ms);
    const started = at_ms >= first_link_ms && state.link_up ? first_link_ms : boot_ms;
    const changed_ms = model.lastLinkChange(boot_ms, at_ms) ?? started;
    return {
      ...state,
      ...counters,
      in_octets: counters.in_octets + before,
      out_octets: counters.out_octets + before,
      port,
      if_index: options.if_index?.(port) ?? port,
      if_name: `gi1/0/${port}`,
      if_descr: `GigabitEthernet1/0/${port}`,
      if_alias: port === (options.uplink ?? options.ports) ? 'uplink' : '',
      has_64_bit: options.has_64_bit?.(port) ?? true,
      last_change_ticks: Math.floor((changed_ms - boot_ms) / TICK_MS),
    };
  }
  function portOf(port: number): SwitchPort {
    const found = ports[port - 1];
    if (found === undefined) throw new RangeError(`the switch has no port ${port}`);
    return found;
  }
  const change: SwitchModel['change'] = (port, patch, at_ms = clock()) =>
    portOf(port).change(at_ms, patch);

  return {
    isSilent,
    change,
    snapshot(at_ms) {
      const boot = bootAt(at_ms);
      const up_ms = Math.max(at_ms - boot.boot_ms, 0);
      return {
        at_ms,
        silent: isSilent(at_ms),
        sys_name: options.name,
        sys_descr: options.descr,
        sys_uptime_ticks: Math.floor(up_ms / TICK_MS) % 2 ** 32,
        engine_boots: boots.indexOf(boot) + 1,
        engine_time_s: Math.floor(up_ms / 1_000),
        ports: ports.map((port, i) => portSnapshot(port, i + 1, at_ms)),
      };
    },
    portDown: (port, at_ms) => change(port, { link_up: false }, at_ms),
    portUp: (port, at_ms) => change(port, { link_up: true }, at_ms),
    errors: (port, rate_per_s, at_ms) => change(port, { errors_per_s: rate_per_s }, at_ms),
    reboot(at_ms = clock(), off_ms = REBOOT_MS) {
      boots.push({ off_ms: at_ms, boot_ms: at_ms + off_ms });
      boots.sort((a, b) => a.off_ms - b.off_ms);
    },
    silent(on, at_ms = clock()) {
      silences.push({ at_ms, on });
      silences.sort((a, b) => a.at_ms - b.at_ms);
    },
  };
}
