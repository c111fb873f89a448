import { type Draft, Recorder } from '../../agent/record.ts';
import type { ClockSample, HostPart } from '../../shared/measure/batch.ts';
import type { RawCode } from '../../shared/measure/codes.ts';
import { encodeRuns } from '../../shared/measure/runs.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';
import type { HistoryDeps } from './history.ts';
import { modelledPoll, silentPoll } from './history-snmp.ts';
import { packetAt, type Reply, seedOf, stretchAt } from './scenario.ts';
import type { DemoDevice } from './sites.ts';

/** The machine starts its agent so long after its own start, ms. */
const UP_BEFORE_AGENT_MS = 34_000;
/** Ticks lie so far behind the full second, as the agent's own engines place them. */
const PHASE_MS = 250;
/** Switches are asked at this second of each minute, ms. */
const POLL_AT_MS = 20_000;
/** The clock is confirmed this often, ms. */
const CLOCK_EVERY_MS = 10 * 60_000;
const CLOCK_ERROR_MS = 6;
/** Frames that the agent's own card sees in a second. */
const RX_FRAMES_PER_S = 46;
const MINUTE_MS = 60_000;

interface Watched {
  readonly device: DemoDevice;
  readonly seed: number;
  reply: Reply;
  until_ms: number;
}

interface Group {
  readonly id: number;
  readonly interval_ms: number;
  /** UTC ms of tick 0. */
  readonly first_ms: number;
  readonly watched: readonly Watched[];
  n: number;
}

/** One run of the modelled agent: from power on to power off. */
export class ModelledRun {
  readonly #deps: HistoryDeps;
  readonly #offset_ms: number;
  readonly #boot: string;
  readonly #id: string;
  readonly #recorder: Recorder;
  readonly #groups: readonly Group[];
  #now_ms: number;
  #confirmed_ms = Number.NEGATIVE_INFINITY;
  #carrier_changes = 1;

  constructor(deps: HistoryDeps, start_ms: number) {
    this.#deps = deps;
    this.#now_ms = start_ms;
    this.#offset_ms = start_ms - UP_BEFORE_AGENT_MS;
    this.#boot = deps.randomName();
    this.#id = deps.randomName();
    this.#recorder = new Recorder({
      monotonic_ms: () => this.#now_ms - this.#offset_ms,
      offset_ms: () => this.#offset_ms,
      carrierLostSince: () => false,
      encodeRuns,
      // History is sealed by the minute: an early batch only makes a live view quicker.
      onEarly: () => undefined,
      onProblem: ({ message }) => {
        throw new TypeError(`the script is wrong: ${message}`);
      },
      list: deps.list,
    });
    this.#groups = this.#open(start_ms);
    this.#recorder.event({ code: 'start' });
    const { version } = deps.list;
    this.#recorder.event({ code: 'list_applied', value: version, utc_ms: start_ms });
  }

  /** What the header says of the run; the clock's sample is handed out when one is due. */
  facts(at_ms: number): { boot: string; id: string; clock: readonly ClockSample[] } {
    const due = at_ms - this.#confirmed_ms >= CLOCK_EVERY_MS;
    if (due) this.#confirmed_ms = at_ms;
    const sample: ClockSample = {
      mono_ms: at_ms - this.#offset_ms,
      wall_ms: at_ms,
      source: 'kernel',
      sync: true,
      error_ms: CLOCK_ERROR_MS,
    };
    return { boot: this.#boot, id: this.#id, clock: due ? [sample] : [] };
  }

  /** Records [minute_ms, end_ms) and takes it; `now_ms` is when it is sealed. */
  minute(minute_ms: number, end_ms: number, now_ms: number, stops: boolean): Draft {
    for (const group of this.#groups) this.#rows(group, end_ms);
    const poll_ms = minute_ms + POLL_AT_MS;
    if (poll_ms < end_ms) this.#polls(poll_ms);
    this.#now_ms = now_ms;
    if (stops) this.#recorder.event({ code: 'stop' });
    return this.#recorder.take(end_ms, end_ms === minute_ms + MINUTE_MS, this.#host(end_ms));
  }

  #open(start_ms: number): Group[] {
    const { list, site } = this.#deps;
    const asked = list.targets.flatMap((target, index) => watch(this.#deps, target, index));
    const groups = [...Map.groupBy(asked, ({ interval_ms }) => interval_ms)];
    return groups.map(([interval_ms, members], id) => {
      const first_ms = start_ms + PHASE_MS;
      const targets = members.map(({ index }) => index);
      const t0_ms = first_ms - this.#offset_ms;
      this.#recorder.open({ id, probe: 'icmp', t0_ms, interval_ms, targets });
      const watched = members.map(({ device }) => ({
        device,
        seed: seedOf(`${site.code}/${device.code}`),
        reply: 'n' as const,
        until_ms: 0,
      }));
      return { id, interval_ms, first_ms, watched, n: 0 };
    });
  }

  #rows(group: Group, end_ms: number): void {
    const { story, site } = this.#deps;
    const { id, interval_ms, first_ms, watched } = group;
    for (; first_ms + group.n * interval_ms < end_ms; group.n++) {
      const at_ms = first_ms + group.n * interval_ms;
      const codes: RawCode[] = [];
      const rtt_us: number[] = [];
      for (const one of watched) {
        if (at_ms >= one.until_ms) {
          const { reply, until_ms } = stretchAt(story, site, one.device, at_ms);
          one.reply = reply;
          one.until_ms = until_ms;
        }
        const packet = one.reply === 'r' ? packetAt(one.device, one.seed, at_ms) : 'lost';
        codes.push(one.reply === 'r' && packet === 'lost' ? 'n' : one.reply);
        rtt_us.push(packet === 'lost' ? -1 : packet);
      }
      this.#recorder.row({ series: id, n: group.n, codes, rtt_us, lag_ms: 0 });
    }
  }

  #polls(at_ms: number): void {
    const { list, site, story, switches } = this.#deps;
    const mono_ms = at_ms - this.#offset_ms;
    for (const [index, target] of list.targets.entries()) {
      const model = switches.models.get(target.code);
      const device = site.devices.find(({ code }) => code === target.code);
      if (model === undefined || device === undefined) continue;
      const answers = stretchAt(story, site, device, at_ms).reply === 'r';
      const poll = answers ? modelledPoll(model, at_ms, mono_ms) : silentPoll(mono_ms);
      this.#recorder.poll(index, poll, list.version);
    }
  }

  #host(end_ms: number): HostPart {
    const { site, story } = this.#deps;
    const first = site.devices.find(({ address }) => address !== null);
    const carrier = first === undefined || stretchAt(story, site, first, end_ms - 1).reply !== 'l';
    if (!carrier) this.#carrier_changes += 1;
    return {
      carrier,
      carrier_changes: this.#carrier_changes,
      speed_mbps: carrier ? 1_000 : null,
      duplex: carrier ? 'full' : null,
      rx_frames: carrier ? RX_FRAMES_PER_S * 60 : 0,
      ac_line: null,
    };
  }
}

/** Targets that are asked by echo, with what stands behind them. */
function watch({ site }: HistoryDeps, target: PublicTarget, index: number) {
  const device = site.devices.find(({ code }) => code === target.code);
  const interval_ms = target.probes.icmp?.interval_ms;
  if (device === undefined || interval_ms === undefined) return [];
  return [{ device, index, interval_ms }];
}
