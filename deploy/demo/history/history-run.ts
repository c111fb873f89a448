import { type Draft, Recorder } from '../../../agent/record.ts';
import type { ClockSample, HostPart } from '../../../shared/measure/batch.ts';
import { encodeRuns } from '../../../shared/measure/runs.ts';
import { NIC_SPEED_MBPS, RX_FRAMES_PER_S } from '../lan/demo-platform.ts';
import { foundIn } from '../story/leases.ts';
import { carrierAt, mainsAt, stretchAt } from '../story/scenario.ts';
import type { Phase } from '../story/windows.ts';
import type { HistoryDeps } from './history.ts';
import { type ModelledSeries, modelledRow, modelledSeries } from './history-series.ts';
import { modelledPoll, silentPoll } from './history-snmp.ts';

/** The machine starts its agent so long after its own start, ms. */
const UP_BEFORE_AGENT_MS = 34_000;
/** Ticks lie so far behind the full second, as the agent's own engines place them. */
const PHASE_MS = 250;
/** Switches are asked at this second of each minute, ms. */
const POLL_AT_MS = 20_000;
/** The clock is confirmed this often, ms. */
const CLOCK_EVERY_MS = 10 * 60_000;
const CLOCK_ERROR_MS = 6;
/** The agent looks at its line power this often, ms. */
const POWER_LOOK_MS = 30_000;
const MINUTE_MS = 60_000;

interface Group {
  readonly id: number;
  readonly series: ModelledSeries;
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
  /** UTC ms of tick 0 of every series. */
  readonly #first_ms: number;
  #now_ms: number;
  #confirmed_ms = Number.NEGATIVE_INFINITY;
  #carrier_changes = 1;
  /** What was so when it was last looked at. */
  #carrier = true;
  #ac_line = true;
  #looked_ms: number;

  constructor(deps: HistoryDeps, start_ms: number) {
    this.#deps = deps;
    this.#now_ms = start_ms;
    this.#looked_ms = start_ms;
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
    this.#first_ms = start_ms + PHASE_MS;
    this.#groups = this.#open();
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
    this.#machine(end_ms);
    this.#now_ms = now_ms;
    if (stops) this.#recorder.event({ code: 'stop' });
    return this.#recorder.take(end_ms, end_ms === minute_ms + MINUTE_MS, this.#host(end_ms));
  }

  #open(): Group[] {
    const { list, site } = this.#deps;
    const t0_ms = this.#first_ms - this.#offset_ms;
    return modelledSeries(site, list.targets).map((series, id) => {
      const { probe, check, interval_ms, watched } = series;
      const targets = watched.map(({ index }) => index);
      const which = check === 0 ? {} : { check };
      this.#recorder.open({ id, probe, ...which, t0_ms, interval_ms, targets });
      return { id, series, n: 0 };
    });
  }

  #rows(group: Group, end_ms: number): void {
    const { id, series } = group;
    for (; ; group.n++) {
      const at_ms = this.#first_ms + group.n * series.interval_ms;
      if (at_ms >= end_ms) return;
      const row = modelledRow(series, this.#deps, at_ms, this.#offset_ms);
      this.#recorder.row({ series: id, n: group.n, ...row });
    }
  }

  /** Cord and mains until `end_ms`, as the agent would have seen and told them. */
  #machine(end_ms: number): void {
    const { story, site } = this.#deps;
    const tell = (code: 'link_down' | 'link_up' | 'ac_off' | 'ac_on', at_ms: number) => {
      this.#recorder.event({ code, mono_ms: at_ms - this.#offset_ms });
    };
    const from_ms = this.#looked_ms;
    for (const { on, at_ms } of turns((at) => carrierAt(story, site, at), from_ms, end_ms)) {
      if (on === this.#carrier) continue;
      this.#carrier = on;
      this.#carrier_changes += 1;
      tell(on ? 'link_up' : 'link_down', at_ms);
    }
    for (let at_ms = from_ms; site.agent_has_ups && at_ms < end_ms; at_ms += POWER_LOOK_MS) {
      const { on } = mainsAt(story, site, at_ms);
      if (on === this.#ac_line) continue;
      this.#ac_line = on;
      tell(on ? 'ac_on' : 'ac_off', at_ms);
    }
    this.#moves(from_ms, end_ms);
    this.#looked_ms = end_ms;
  }

  /** Devices that were found at another address until `end_ms`. */
  #moves(from_ms: number, end_ms: number): void {
    const { list, site, story } = this.#deps;
    for (const [target, { code }] of list.targets.entries()) {
      const device = site.devices.find((item) => item.code === code);
      if (device === undefined) continue;
      for (const { at_ms, address } of foundIn(story, site, device, from_ms, end_ms)) {
        const mono_ms = at_ms - this.#offset_ms;
        this.#recorder.event({ code: 'address_moved', mono_ms, target });
        this.#recorder.identity([{ target, what: 'address', value: address }]);
      }
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
    const carrier = carrierAt(story, site, end_ms - 1).on;
    return {
      carrier,
      carrier_changes: this.#carrier_changes,
      speed_mbps: carrier ? NIC_SPEED_MBPS : null,
      duplex: carrier ? 'full' : null,
      rx_frames: carrier ? RX_FRAMES_PER_S * 60 : 0,
      ac_line: site.agent_has_ups ? mainsAt(story, site, end_ms - 1).on : null,
    };
  }
}

/** Every instant in [from_ms, to_ms) at which a phase begins, the first one included. */
function* turns(look: (at_ms: number) => Phase, from_ms: number, to_ms: number) {
  for (let at_ms = from_ms; at_ms < to_ms; ) {
    const { on, until_ms } = look(at_ms);
    yield { on, at_ms };
    at_ms = until_ms;
  }
}
