import type { BatchHeader, ResultSection } from '../../../shared/measure/batch.ts';
import type { TargetList } from '../../../shared/measure/targets.ts';

export const HASH = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';

/** A header that uses every member once. */
export const HEADER: BatchHeader = {
  v: 1,
  site: 'socson-hq',
  agent: 'do-1',
  epoch: 1,
  seq: 42,
  prev: HASH,
  list: { version: 3, hash: HASH },
  seen: { log: 'lanproof.test/log1', size: 1_000, checkpoint: 'lanproof.test/log1\n1000\nx\n' },
  boot: '0f5c2a6e-3d6b-4f0e-8d57-0a8f4c1b2d3e',
  run: '0f5c2a6e-1',
  sealed_ms: 1_790_002_860_900,
  closed_to_ms: 1_790_002_860_000,
  cause: 'minute',
  engine: { icmp: 'fping 5.1', arp: 'none' },
  software: 'lanproof/0.1.0',
  clock: [
    { mono_ms: 100, wall_ms: 1_790_002_800_000, source: 'kernel', sync: true, error_ms: 2 },
    { mono_ms: 200, wall_ms: 1_790_002_800_100, source: 'none', sync: false, error_ms: null },
  ],
  events: [
    { code: 'start', mono_ms: 90 },
    { code: 'list_applied', mono_ms: 95, value: 3, utc_ms: 1_790_002_800_000 },
    { code: 'mac_conflict', mono_ms: 120, target: 1 },
    { code: 'clock_step', mono_ms: 130, value: -3_600_000 },
  ],
  sections: [
    { name: 'infra', bytes: 512, sha256: HASH },
    { name: 'endpoints', bytes: 100, sha256: HASH },
  ],
};

export const LIST: TargetList = {
  v: 1,
  version: 3,
  site: 'socson-hq',
  agent: 'do-1',
  log: 'lanproof.test/log1',
  issued_ms: 1_790_000_000_000,
  targets: [
    {
      code: 'sw-core',
      kind: 'switch',
      own: true,
      reachability: 'icmp',
      probes: { icmp: { interval_ms: 1_000, timeout_ms: 800 }, snmp: { interval_ms: 60_000 } },
      link: { device: 'gw', port: '1' },
      commitment: HASH,
    },
    {
      code: 'pc-1',
      kind: 'pc',
      own: true,
      reachability: 'arp',
      probes: { arp: { interval_ms: 10_000 } },
      commitment: HASH,
    },
    {
      code: 'cam-9',
      kind: 'camera',
      own: false,
      reachability: 'icmp',
      probes: { icmp: { interval_ms: 1_000, timeout_ms: 50 } },
      commitment: HASH,
    },
  ],
};

export const INFRA: ResultSection = {
  v: 1,
  series: [
    {
      probe: 'icmp',
      t0: 350,
      i: 1_000,
      n0: 60,
      n: 60,
      targets: [0, 2],
      s: ['r12n3r45', 'r60'],
      lag: [[61, 25]],
      rtt: { min: [210, null], med: [300, null], p95: [450, null], max: [900, null] },
    },
  ],
  snmp: [
    {
      target: 0,
      polls: [
        [
          ...([61_000, 12, 123_456, 'ok', 1] as const),
          {
            if_index: [1, 2, 7],
            columns: ['ifInDiscards', 'ifHCInOctets', 'ifCounterDiscontinuityTime'],
            values: [
              [0, 3, 9],
              [1_000, '18446744073709551000', null],
              [0, 0, 0],
            ],
          },
        ],
        [62_000, 2_000, null, 'timeout'],
        [63_000, 12, 123_656, 'ok', 1, [0, [5, '9007199254740993', 0]]],
        [64_000, 12, 123_756, 'ok', 1, []],
        [64_100, 2, 123_766, 'ok'],
      ],
      scalars: { hrSystemUptime: 123_456, snmpEngineBoots: 4 },
    },
  ],
  host: {
    carrier: true,
    carrier_changes: 1,
    speed_mbps: 1_000,
    duplex: 'full',
    rx_frames: 12_345,
    ac_line: null,
  },
};

/** A deep copy in which the member at `path` is replaced; undefined removes it. */
export function altered(value: unknown, path: string, member: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  const steps = path.split('.');
  let at = copy;
  for (const step of steps.slice(0, -1)) at = Reflect.get(Object(at), step);
  const last = steps.at(-1) ?? '';
  if (member === undefined) Reflect.deleteProperty(Object(at), last);
  else Reflect.set(Object(at), last, member);
  return copy;
}
