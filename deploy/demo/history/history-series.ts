import type { CheckDetail, Row } from '../../../agent/probe/prober.ts';
import {
  CHECK_PROBES,
  type CheckProbe,
  isCheckProbe,
  type RawCode,
  type SeriesProbe,
} from '../../../shared/measure/codes.ts';
import type { PublicTarget } from '../../../shared/measure/targets.ts';
import type { DemoDevice, DemoSite } from '../sites.ts';
import { isSought } from '../story/leases.ts';
import { packetAt, type Stretch, seedOf, stretchAt } from '../story/scenario.ts';
import type { Story } from '../story/script.ts';
import { modelledCheck } from './history-checks.ts';

/** Probes that are answered by an echo, each with the size of its packets. */
const ECHOES = { icmp: 'small', echo_large: 'large' } as const;
type EchoProbe = keyof typeof ECHOES;

/** Nothing is known before the first look. */
const UNKNOWN: Stretch = {
  reply: 'n',
  until_ms: Number.NEGATIVE_INFINITY,
  lost: { small: 0, large: 0 },
};

/** It was asked where it no longer is. */
const SILENT: Seen = { code: 'n', rtt_us: -1 };

interface Watched {
  readonly index: number;
  readonly device: DemoDevice;
  readonly seed: number;
  stretch: Stretch;
}

interface Seen {
  readonly code: RawCode;
  /** −1: no answer. */
  readonly rtt_us: number;
  readonly detail?: CheckDetail;
}

/** One series of the modelled agent. */
export interface ModelledSeries {
  readonly probe: EchoProbe | CheckProbe;
  readonly check: number;
  readonly interval_ms: number;
  readonly watched: readonly Watched[];
}

/** What an agent with this list asks by echoes and checks, as the agent's engines group it. */
export function modelledSeries(
  site: DemoSite,
  targets: readonly PublicTarget[],
): readonly ModelledSeries[] {
  const asked = targets.flatMap((target, index) => {
    const device = site.devices.find(({ code }) => code === target.code);
    if (device === undefined) return [];
    const seed = seedOf(`${site.code}/${device.code}`);
    return timesOf(target).map((times) => ({ ...times, one: { index, device, seed } }));
  });
  const kinds = Map.groupBy(asked, (item) => `${item.probe} ${item.check} ${item.interval_ms}`);
  return [...kinds.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { probe, check, interval_ms } = first;
    const watched = members.map(({ one }) => ({ ...one, stretch: UNKNOWN }));
    return [{ probe, check, interval_ms, watched }];
  });
}

/** Row `n` of a series, sent at `at_ms` (UTC); `offset_ms` is UTC − monotonic. */
export function modelledRow(
  { probe, check, watched }: ModelledSeries,
  { story, site }: { readonly story: Story; readonly site: DemoSite },
  at_ms: number,
  offset_ms: number,
): Omit<Row, 'series' | 'n'> {
  const seen = watched.map((one): Seen => {
    if (at_ms >= one.stretch.until_ms) one.stretch = stretchAt(story, site, one.device, at_ms);
    if (isSought(story, site, one.device, at_ms)) return SILENT;
    if (!isCheckProbe(probe)) return echo(one, ECHOES[probe], at_ms);
    const { reply } = one.stretch;
    const result = modelledCheck(one.device, probe, check, reply, at_ms);
    const rtt_us = result.code === 'r' ? (result.phases_us.at(-1) ?? -1) : -1;
    const detail = { sent_ms: at_ms - offset_ms, result };
    return { code: reply === 'l' ? 'l' : result.code, rtt_us, detail };
  });
  return {
    codes: seen.map(({ code }) => code),
    rtt_us: seen.map(({ rtt_us }) => rtt_us),
    lag_ms: 0,
    ...(isCheckProbe(probe) ? { details: seen.map(({ detail }) => detail) } : {}),
  };
}

function echo({ device, seed, stretch }: Watched, size: 'small' | 'large', at_ms: number): Seen {
  const { reply, lost } = stretch;
  // A machine that drops echo drops large ones, too, and ARP is not asked a second time.
  if (reply === 'a' && size === 'large') return { code: 'n', rtt_us: -1 };
  if (reply !== 'r') return { code: reply, rtt_us: -1 };
  const packet = packetAt(device, seed, at_ms, size, lost);
  return packet === 'lost' ? { code: 'n', rtt_us: -1 } : { code: 'r', rtt_us: packet };
}

interface Times {
  readonly probe: EchoProbe | CheckProbe;
  readonly check: number;
  readonly interval_ms: number;
}

function timesOf({ probes }: PublicTarget): Times[] {
  const { icmp, echo_large } = probes;
  const one = (
    probe: EchoProbe & SeriesProbe,
    times: { readonly interval_ms: number } | undefined,
  ) => (times === undefined ? [] : [{ probe, check: 0, interval_ms: times.interval_ms }]);
  return [
    ...one('icmp', icmp),
    ...one('echo_large', echo_large),
    ...CHECK_PROBES.flatMap((probe) =>
      (probes[probe] ?? []).map(({ interval_ms }, check) => ({ probe, check, interval_ms })),
    ),
  ];
}
