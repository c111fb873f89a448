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

/** The same site with every kind of probe that a target can have beside its reachability. */
export const CHECKED_LIST: TargetList = {
  ...LIST,
  targets: [
    {
      code: 'dns-1',
      kind: 'server',
      own: true,
      reachability: 'tcp',
      probes: {
        icmp: { interval_ms: 1_000, timeout_ms: 800 },
        echo_large: { interval_ms: 10_000, timeout_ms: 1_000, bytes: 1_400 },
        tcp: [
          { interval_ms: 5_000, timeout_ms: 3_000 },
          { interval_ms: 60_000, timeout_ms: 3_000 },
        ],
        dns: [{ interval_ms: 30_000, timeout_ms: 3_000 }],
        http: [{ interval_ms: 60_000, timeout_ms: 10_000 }],
      },
      commitment: HASH,
    },
    {
      code: 'pc-1',
      kind: 'pc',
      own: true,
      reachability: 'icmp',
      probes: {
        icmp: { interval_ms: 10_000, timeout_ms: 1_000 },
        tcp: [{ interval_ms: 60_000, timeout_ms: 3_000 }],
      },
      commitment: HASH,
    },
    {
      code: 'sw-tang2',
      kind: 'unmanaged-switch',
      own: true,
      reachability: 'none',
      probes: {},
      link: { device: 'sw-core', port: '6' },
      witnesses: ['camera-2', 'camera-3'],
      commitment: HASH,
    },
  ],
};

/** Results of its first target: each probe and check on its own grid, and how the checks went. */
export const CHECKED_INFRA: ResultSection = {
  v: 1,
  series: [
    { probe: 'icmp', t0: 350, i: 1_000, n0: 60, n: 60, targets: [0], s: ['n60'] },
    { probe: 'echo_large', t0: 400, i: 10_000, n0: 6, n: 6, targets: [0], s: ['r5n1'] },
    { probe: 'tcp', t0: 450, i: 5_000, n0: 12, n: 12, targets: [0], s: ['r11x1'] },
    { probe: 'tcp', check: 1, t0: 500, i: 60_000, n0: 1, n: 1, targets: [0], s: ['n1'] },
    { probe: 'dns', t0: 550, i: 30_000, n0: 2, n: 2, targets: [0], s: ['r1n1'] },
    { probe: 'http', check: 0, t0: 600, i: 60_000, n0: 1, n: 1, targets: [0], s: ['r1'] },
  ],
  checks: [
    {
      target: 0,
      probe: 'tcp',
      check: 0,
      ticks: [
        [60_450, 'accepted', [312]],
        [65_451, 'refused', [290]],
        [115_452, 'not_sent', [null]],
      ],
    },
    { target: 0, probe: 'tcp', check: 1, ticks: [[60_500, 'timeout', [null]]] },
    {
      target: 0,
      probe: 'dns',
      check: 0,
      ticks: [
        [60_550, 'nxdomain', [1_500], 3],
        [90_550, 'servfail', [2_000], 2],
      ],
    },
    {
      target: 0,
      probe: 'http',
      check: 0,
      ticks: [[60_600, 'client_error', [null, 400, 9_000, 30_000, 31_000], 404]],
    },
  ],
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
