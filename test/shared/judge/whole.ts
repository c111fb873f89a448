/**
 * The same rules as shared/judge over a whole history at once, slot by slot and without any
 * cleverness: slow, so that it can be read beside accounting §1 and §2 and believed.
 */
import { type JudgeInput, SLOT_CLASSES, type SlotClass } from '../../../shared/judge/types.ts';
import type { BatchHeader } from '../../../shared/measure/batch.ts';
import type { RawCode } from '../../../shared/measure/codes.ts';
import { decodeRuns } from '../../../shared/measure/runs.ts';
import { slotIntervalMs, type TargetList } from '../../../shared/measure/targets.ts';

const MINUTE = 60_000;

interface Tick {
  readonly target: number;
  readonly mono_ms: number;
  readonly i: number;
  readonly code: RawCode;
}
interface Filled {
  readonly code: RawCode;
  readonly sent_ms: number;
  readonly seq: number;
  readonly conflict: boolean;
}
interface Dev {
  readonly code: string;
  readonly i: number;
  readonly from_ms: number;
  until_ms: number | null;
  readonly first: number;
  next: number;
  readonly filled: Map<number, Filled>;
  readonly empty: Map<number, SlotClass>;
}
interface Batch {
  readonly header: BatchHeader;
  readonly recv_ms: number;
  readonly ticks: readonly Tick[];
  readonly seq: number;
  readonly fault: boolean;
  readonly conflict: boolean;
  readonly applied_ms: number | null;
  gap: SlotClass | null;
}

export interface WholeSlot {
  readonly from_ms: number;
  readonly cls: SlotClass;
  readonly code: RawCode | null;
}
export interface WholeState {
  readonly from_ms: number;
  readonly to_ms: number | null;
  readonly state: string;
  readonly reason: string | null;
  readonly earliest_ms: number | null;
}
export interface WholeDevice {
  readonly device: string;
  readonly from_ms: number;
  readonly until_ms: number | null;
  readonly interval_ms: number;
  readonly slots: readonly WholeSlot[];
  readonly states: readonly WholeState[];
}

const rank = (cls: SlotClass) => SLOT_CLASSES.indexOf(cls);
const stronger = (a: SlotClass | null, b: SlotClass): SlotClass =>
  a === null || rank(b) < rank(a) ? b : a;

/** One agent's devices, in the order in which lists named them first. */
export class Whole {
  readonly #lists = new Map<string, TargetList>();
  readonly #devs: Dev[] = [];
  #now: (Dev | null)[] = [];
  #list: { version: number; hash: string } | null = null;
  #closed: number | null = null;
  #gaps: { to_ms: number; reason: SlotClass }[] = [];
  #gap: SlotClass | null = null;
  #run: { id: string; boot: string; offset: number | null; sync: boolean } | null = null;
  #waiting: { batch: Batch; offset: number; run: string }[] = [];
  #applied: { version: number; utc_ms: number } | null = null;
  #listFrom = 0;
  #conflict = false;
  #seq = 0;

  constructor(inputs: readonly JudgeInput[]) {
    for (const input of inputs) this.#take(input);
  }

  devices(): WholeDevice[] {
    return this.#devs.map((dev) => {
      const slots = this.#slots(dev);
      const states = this.#states(dev, slots);
      const { code: device, from_ms, until_ms, i: interval_ms } = dev;
      return { device, from_ms, until_ms, interval_ms, slots, states };
    });
  }

  #take(input: JudgeInput): void {
    if (input.kind === 'targets') this.#lists.set(input.hash, input.list);
    if (input.kind === 'conflict') this.#conflict = true;
    if (input.kind === 'hole') {
      this.#seq = input.to_seq;
      this.#gap = stronger(this.#gap, input.reason === 'lost_disk' ? 'not_received' : 'dropped');
    }
    if (input.kind !== 'batch') return;
    if (input.seq !== this.#seq + 1) throw new Error('the test made a gap');
    this.#seq = input.seq;
    const { header, recv_ms, seq } = input;
    if (header === null) {
      this.#gap = stronger(this.#gap, 'unreadable');
      return;
    }
    const ticks: Tick[] = [];
    for (const part of input.sections.flatMap((section) => section.series)) {
      for (const [k, target] of part.targets.entries()) {
        let j = part.n0;
        for (const run of decodeRuns(part.s[k] ?? '')) {
          for (let m = 0; m < run.ticks; m++) {
            ticks.push({ target, mono_ms: part.t0 + part.i * j++, i: part.i, code: run.code });
          }
        }
      }
    }
    if (this.#run?.boot !== header.boot && this.#waiting.length > 0) {
      this.#waiting = [];
      this.#gap = stronger(this.#gap, 'clock_pending');
    }
    if (this.#run?.id !== header.run || this.#run.boot !== header.boot) {
      this.#gap ??= 'agent_off';
      this.#run = { id: header.run, boot: header.boot, offset: null, sync: false };
    }
    const run = this.#run;
    for (const one of header.clock) {
      const offset = one.wall_ms - one.mono_ms;
      if (run.offset === null || (one.sync && !run.sync)) {
        [run.offset, run.sync] = [offset, one.sync];
      } else if (one.sync && Math.abs(offset - run.offset) <= 1_000) run.offset = offset;
    }
    for (const event of header.events) {
      const { value, utc_ms } = event;
      if (event.code === 'list_applied' && value !== undefined && utc_ms !== undefined) {
        this.#applied = { version: value, utc_ms };
      }
    }
    const { fault } = input;
    const batch: Batch = {
      ...{ header, recv_ms, ticks, seq, gap: null },
      applied_ms: this.#applied?.version === header.list.version ? this.#applied.utc_ms : null,
      fault: fault !== null,
      conflict: this.#conflict,
    };
    if (run.offset === null) throw new Error('the test gives every run a sample');
    if (!run.sync) {
      batch.gap = this.#gap;
      this.#gap = null;
      this.#waiting.push({ batch, offset: run.offset, run: run.id });
      return;
    }
    const last = this.#gap;
    this.#gap = null;
    for (const { batch: early, offset } of this.#waiting.splice(0)) {
      if (early.gap !== null) this.#gap = stronger(this.#gap, early.gap);
      this.#place(early, run.offset, early.header.closed_to_ms - offset + run.offset, offset);
    }
    if (last !== null) this.#gap = stronger(this.#gap, last);
    this.#place(batch, run.offset, header.closed_to_ms, run.offset);
  }

  #place(batch: Batch, offset: number, closed_ms: number, said: number): void {
    const { header, recv_ms } = batch;
    let known = this.#list?.hash === header.list.hash;
    if (!known) {
      const list = this.#lists.get(header.list.hash);
      if (list !== undefined && list.version > (this.#list?.version ?? 0)) {
        const firsts = batch.ticks.map((tick) => tick.mono_ms + offset);
        const utc = batch.applied_ms;
        const when = utc === null ? Math.min(...firsts) : utc - said + offset;
        if (Number.isFinite(when)) this.#apply(list, header.list.hash, when, recv_ms);
        known = true;
      }
    }
    if (this.#closed === null) return;
    const before = this.#closed;
    let first: number | null = null;
    let last = before;
    for (const tick of known ? batch.ticks : []) {
      const dev = this.#now[tick.target];
      if (dev === null || dev === undefined || dev.i !== tick.i) continue;
      const sent_ms = tick.mono_ms + offset;
      const slot = Math.floor(sent_ms / dev.i);
      if (sent_ms > recv_ms + MINUTE) this.#gap = stronger(this.#gap, 'clock_invalid');
      else if (slot < dev.next) {
        if (slot * dev.i >= dev.from_ms) this.#gap = stronger(this.#gap, 'clock_invalid');
      } else {
        const held = dev.filled.get(slot);
        const { code } = tick;
        const next = { code, sent_ms, seq: batch.seq, conflict: batch.conflict };
        if (held === undefined) dev.filled.set(slot, next);
        else if (held.seq === batch.seq && 'lxnar'.indexOf(code) < 'lxnar'.indexOf(held.code)) {
          dev.filled.set(slot, next);
        }
        first = Math.min(first ?? sent_ms, sent_ms);
        last = Math.max(last, sent_ms);
      }
    }
    const believed = closed_ms > recv_ms + MINUTE ? before : closed_ms;
    const now = Math.max(before, believed, last - 60 * MINUTE);
    if (batch.fault || !known) this.#gaps.push({ to_ms: now, reason: 'unreadable' });
    if (batch.conflict) this.#gaps.push({ to_ms: now, reason: 'conflict' });
    if (this.#gap !== null && first !== null) {
      this.#gaps.push({ to_ms: first, reason: this.#gap });
      this.#gap = null;
    }
    this.#closed = now;
    for (const dev of this.#devs) {
      const until = dev.until_ms ?? Number.POSITIVE_INFINITY;
      for (; dev.next * dev.i < until; dev.next++) {
        const [start, end] = [dev.next * dev.i, (dev.next + 1) * dev.i];
        if (end > now && now < until) break;
        if (dev.filled.has(dev.next)) continue;
        let cls: SlotClass | null = this.#gap !== null && start < now ? this.#gap : null;
        for (const gap of this.#gaps) if (start < gap.to_ms) cls = stronger(cls, gap.reason);
        dev.empty.set(dev.next, cls ?? 'not_sent');
      }
    }
  }

  #apply(list: TargetList, hash: string, when: number, recv_ms: number): void {
    const floor = (ms: number) => Math.floor(ms / MINUTE) * MINUTE;
    let from = floor(when);
    if (from > recv_ms + MINUTE) from = floor(recv_ms);
    if (this.#closed === null) {
      from = Math.max(from, floor(list.issued_ms) - 24 * 60 * MINUTE);
      this.#closed = from;
    } else {
      if (from < this.#closed) from = Math.ceil(this.#closed / MINUTE) * MINUTE;
      from = Math.max(from, this.#listFrom);
    }
    this.#listFrom = from;
    const gone = new Set(this.#now.filter((dev) => dev !== null));
    this.#now = list.targets.map((target) => {
      const i = slotIntervalMs(target);
      if (!target.own || i === null) return null;
      const same = this.#devs.findLast((dev) => dev.code === target.code);
      if (same !== undefined && gone.delete(same)) return same;
      const old = same === undefined ? 0 : Math.ceil((same.until_ms ?? 0) / i);
      const next = Math.max(Math.floor(from / i), old);
      const dev: Dev = {
        ...{ code: target.code, i, from_ms: from, until_ms: null, first: next, next },
        filled: new Map(),
        empty: new Map(),
      };
      this.#devs.push(dev);
      return dev;
    });
    for (const dev of gone) dev.until_ms = from;
    this.#list = { version: list.version, hash };
  }

  #slots(dev: Dev): WholeSlot[] {
    const out: WholeSlot[] = [];
    for (let slot = dev.first; slot < dev.next; slot++) {
      const tick = dev.filled.get(slot);
      const from_ms = slot * dev.i;
      const code = tick?.code ?? null;
      let cls: SlotClass = dev.empty.get(slot) ?? 'reply';
      if (tick?.conflict === true) cls = 'conflict';
      else if (code === 'l') cls = 'agent_link_down';
      else if (code === 'x') cls = 'not_sent';
      else if (code === 'a') cls = 'arp_only';
      else if (tick !== undefined && code === 'n') {
        cls = this.#isolated(tick.sent_ms) ? 'vantage_isolated' : 'no_reply';
      }
      out.push({ from_ms, cls, code });
    }
    return out;
  }

  #isolated(sent_ms: number): boolean {
    const closed = this.#closed ?? 0;
    const answers = this.#devs
      .flatMap((dev) => [...dev.filled.values()])
      .filter((tick) => (tick.code === 'r' || tick.code === 'a') && !tick.conflict)
      .map((tick) => tick.sent_ms)
      .filter((ms) => ms < closed);
    const before = Math.max(...answers.filter((ms) => ms <= sent_ms));
    const after = Math.min(closed, ...answers.filter((ms) => ms >= sent_ms));
    if (!Number.isFinite(before) || before === sent_ms || after === sent_ms) return false;
    if (sent_ms >= closed) return false;
    const silent: Dev[] = [];
    let own = 0;
    for (const dev of this.#devs) {
      const { from_ms, until_ms } = dev;
      if (from_ms <= before && before < (until_ms ?? Number.POSITIVE_INFINITY)) own++;
      const ticks = [...dev.filled.values()].filter((tick) => !tick.conflict);
      const earlier = ticks.filter((tick) => tick.sent_ms <= before);
      const last = earlier.sort((a, b) => a.sent_ms - b.sent_ms).at(-1)?.code;
      const probed = ticks.some(
        ({ code, sent_ms: ms }) => code === 'n' && ms > before && ms < after,
      );
      if ((last === 'r' || last === 'a') && probed) silent.push(dev);
    }
    const shortest = Math.min(...silent.map((dev) => dev.i));
    return silent.length >= Math.min(3, own) && after - before > 2 * shortest;
  }

  #states(dev: Dev, slots: readonly WholeSlot[]): WholeState[] {
    const answered = (k: number) => ['reply', 'arp_only'].includes(slots[k]?.cls ?? '');
    const firstAnswer = slots.findIndex((_, k) => answered(k));
    const words = slots.map((slot, k): [string, string | null] => {
      if (answered(k)) return ['up', null];
      if (slot.cls !== 'no_reply') return ['unknown', slot.cls];
      if (firstAnswer < 0 || k < firstAnswer) return ['unknown', 'never_answered'];
      let [a, b] = [k, k];
      while (slots[a - 1]?.cls === 'no_reply') a--;
      while (slots[b + 1]?.cls === 'no_reply') b++;
      if (b - a + 1 >= 3) return ['down', null];
      if (b === slots.length - 1) return ['unknown', 'short_run'];
      const near = [1, 2, 3].some((d) => clear(a - d, a) || clear(b + d, b));
      return near ? ['up', null] : ['unknown', 'short_run'];
    });
    // An answered slot at `to`, and only losses between it and the run's end at `from`.
    function clear(to: number, from: number): boolean {
      if (!answered(to)) return false;
      for (let k = Math.min(to, from) + 1; k < Math.max(to, from); k++) {
        if (slots[k]?.cls !== 'no_reply') return false;
      }
      return true;
    }
    const out: (Omit<WholeState, 'to_ms'> & { to_ms: number | null })[] = [];
    for (const [k, slot] of slots.entries()) {
      const [state, reason] = words[k] ?? ['', null];
      const last = out.at(-1);
      if (last?.state === state && last.reason === reason) continue;
      const from_ms = Math.max(dev.from_ms, slot.from_ms);
      const good = slots.slice(0, k).findLast((_, m) => answered(m));
      const sent_ms = dev.filled.get((good?.from_ms ?? 0) / dev.i)?.sent_ms ?? null;
      // The first answer after a down, whatever unknown time lies between.
      const fell = words.slice(0, k).findLast(([word]) => word === 'up' || word === 'down');
      const next = slots.slice(k).findIndex((_, m) => answered(k + m));
      const after_ms = dev.filled.get((slots[k + next]?.from_ms ?? 0) / dev.i)?.sent_ms ?? null;
      const ends = state === 'up' && fell?.[0] === 'down';
      const earliest_ms = state === 'down' ? sent_ms : ends ? after_ms : null;
      if (last !== undefined) last.to_ms = from_ms;
      out.push({ from_ms, to_ms: null, state, reason, earliest_ms });
    }
    const { until_ms } = dev;
    const last = out.at(-1);
    if (last !== undefined && until_ms !== null && dev.next * dev.i >= until_ms) {
      last.to_ms = until_ms;
    }
    return out;
  }
}
