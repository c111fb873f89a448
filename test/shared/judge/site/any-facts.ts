import fc from 'fast-check';
import type { Fact } from '../../../../shared/judge/site/facts.ts';
import { fact } from './world.ts';

/** One of each thing that can be told of the office, and of some both ends. */
const BODIES: readonly Parameters<typeof fact>[1][] = [
  { what: 'restart', device: 'sw-2', evidence: 'uptime' },
  { what: 'restart', device: 'cam-2', evidence: 'uptime' },
  { what: 'link', device: 'core', port: '6', up: false },
  { what: 'link', device: 'core', port: '7', up: false },
  { what: 'flap', device: 'core', port: '5' },
  { what: 'flap', device: 'core', port: '7' },
  { what: 'ac_line', agent: 'do-1', on: false },
  { what: 'ac_line', agent: 'do-1', on: true },
  { what: 'ups_on_battery', device: 'ups', on: true },
  { what: 'agent_stop', agent: 'do-1' },
  { what: 'agent_start', agent: 'do-1', new_boot: true },
  { what: 'broadcast_surge', device: 'core' },
  { what: 'stp_change', device: 'core' },
  { what: 'duplicate_address', device: 'cam-1' },
  { what: 'error_growth', device: 'core', port: '5', ratio: 0.1 },
  { what: 'duplex_mismatch', device: 'core', port: '5' },
  { what: 'large_echo_loss', device: 'cam-1', minutes: 2 },
  { what: 'port_traffic', device: 'pc-1', full_speed: true, traffic: true },
  { what: 'dns_fail', target: 'app' },
];
const STEP_S = 30;

/** Up to `maxLength` facts that begin in the first `end_s` seconds, each of at most 5 minutes. */
export function anyFacts(end_s: number, maxLength: number): fc.Arbitrary<Fact[]> {
  return fc.array(
    fc
      .tuple(fc.constantFrom(...BODIES), fc.nat(end_s / STEP_S - 1), fc.nat(10))
      .map(([body, from, length]) => fact(from * STEP_S, body, (from + length) * STEP_S)),
    { maxLength },
  );
}
