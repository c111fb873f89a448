import { decodeChunk, encodeChunk, type SlotChunk } from '../../../shared/judge/chunk.ts';
import { coverSlots } from '../../../shared/judge/cover.ts';
import { createJudgeState, foldInput, openChunks } from '../../../shared/judge/judge.ts';
import type { DeviceWindow } from '../../../shared/judge/lists.ts';
import type { JudgeInput, SlotRun, StateInterval } from '../../../shared/judge/types.ts';

/** What a store would hold after the inputs: everything overwrites, as JudgeOutput promises. */
export class Kept {
  state = createJudgeState();
  readonly chunks = new Map<string, string>();
  readonly windows = new Map<string, DeviceWindow>();
  readonly outputs: string[] = [];
  #slots = new Map<string, Map<number, SlotRun>>();
  #states = new Map<string, StateInterval[]>();

  fold(inputs: readonly JudgeInput[]): this {
    for (const input of inputs) {
      const out = foldInput(this.state, input);
      this.outputs.push(JSON.stringify(out));
      for (const run of out.slots) this.#keepSlots(run);
      for (const span of out.states) this.#keepState(span);
      for (const chunk of out.chunks) {
        this.chunks.set(`${chunk.agent} ${chunk.hour_ms}`, encodeChunk(chunk));
      }
      for (const item of out.windows) {
        this.windows.set(`${item.device} ${item.agent} ${item.from_ms}`, item);
      }
    }
    return this;
  }

  /** Goes on from what was serialised, as after a restart. */
  reload(): this {
    this.state = JSON.parse(JSON.stringify(this.state));
    return this;
  }

  get closed_ms(): number | null {
    return this.state.agents['do-1']?.closed_ms ?? null;
  }

  /** Slots as they were said one by one: [from_ms, class, code]. */
  slots(window: DeviceWindow): (readonly [number, string, string | null])[] {
    const said = this.#slots.get(`${window.device} ${window.interval_ms}`) ?? new Map();
    return [...said.values()]
      .filter((run: SlotRun) => run.from_ms + run.interval_ms > window.from_ms)
      .filter((run: SlotRun) => run.from_ms < (window.to_ms ?? Number.POSITIVE_INFINITY))
      .sort((a: SlotRun, b: SlotRun) => a.from_ms - b.from_ms)
      .map((run: SlotRun) => [run.from_ms, run.class, run.code] as const);
  }

  allChunks(): SlotChunk[] {
    const open = openChunks(this.state).map(encodeChunk);
    return [...this.chunks.values(), ...open].map((text) => decodeChunk(text));
  }

  /** The same out of the chunks. */
  covered(device: string, from_ms: number, to_ms: number): SlotRun[] {
    const windows = [...this.windows.values()].filter((item) => item.device === device);
    return coverSlots({ device, chunks: this.allChunks(), windows, from_ms, to_ms });
  }

  states(device: string): readonly StateInterval[] {
    return this.#states.get(device) ?? [];
  }

  #keepSlots(run: SlotRun): void {
    const key = `${run.device} ${run.interval_ms}`;
    const map = this.#slots.get(key) ?? new Map<number, SlotRun>();
    this.#slots.set(key, map);
    for (let k = 0; k < run.slots; k++) {
      const from_ms = run.from_ms + k * run.interval_ms;
      map.set(from_ms, { ...run, from_ms, slots: 1 });
    }
  }

  #keepState(span: StateInterval): void {
    const end = span.to_ms ?? Number.POSITIVE_INFINITY;
    const kept: StateInterval[] = [];
    for (const old of this.#states.get(span.device) ?? []) {
      const oldEnd = old.to_ms ?? Number.POSITIVE_INFINITY;
      if (old.from_ms >= span.from_ms && old.from_ms < end) continue;
      const cut = old.from_ms < span.from_ms && oldEnd > span.from_ms;
      kept.push(cut ? { ...old, to_ms: span.from_ms } : old);
    }
    kept.push(span);
    this.#states.set(
      span.device,
      kept.sort((a, b) => a.from_ms - b.from_ms),
    );
  }
}
