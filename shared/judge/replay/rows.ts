import { decodeChunk, encodeChunk, HOUR_MS, hourOf, type SlotChunk } from '../chunk.ts';
import type { SaidInterval } from '../day/cover-intervals.ts';
import type { WindowReach, WindowRows } from '../day/window-ask.ts';
import type { JudgeOutput } from '../judge.ts';
import type { DeviceWindow } from '../lists.ts';
import type { SeenRow } from '../observe/types.ts';
import { ownWindows } from '../owners.ts';

/** What the slots say, as a collector's store would keep it: later rows stand over earlier ones. */
export class Level1Rows {
  /** By agent and device: ascending and disjoint. */
  readonly #states = new Map<string, SaidInterval[]>();
  /** Texts by hour, then agent: an object for each run of months would be a hundred times that. */
  readonly #chunks = new Map<number, Map<string, string>>();
  readonly #windows = new Map<string, DeviceWindow>();
  readonly #seen = new Map<string, SeenRow>();
  readonly #chunks_from_ms: number;

  /** Hours of slots that end before `chunks_from_ms` are not kept. */
  constructor(chunks_from_ms: number) {
    this.#chunks_from_ms = chunks_from_ms;
  }

  put(output: JudgeOutput): void {
    for (const row of output.seen) this.#seen.set(row.key, row);
    const agent = output.agents[0]?.agent;
    if (agent === undefined) return;
    for (const row of output.states) this.#putState({ agent, ...row });
    for (const chunk of output.chunks) this.#putChunk(chunk);
    for (const window of output.windows) {
      this.#windows.set(`${window.device} ${agent} ${window.from_ms}`, window);
    }
  }

  /** Forgets what an agent said of a device: it is going to be said otherwise. */
  forget(agent: string, device: string): void {
    this.#states.delete(`${agent} ${device}`);
  }

  /** Own windows of all time; `begun` may move the begin of one. */
  windows(begun: (window: DeviceWindow) => DeviceWindow): DeviceWindow[] {
    const all = [...this.#windows.values()].map(begun);
    const byDevice = Map.groupBy(all, ({ device }) => device);
    return [...byDevice.keys()].sort().flatMap((device) => {
      const own = byDevice.get(device) ?? [];
      return ownWindows(own.sort((a, b) => a.from_ms - b.from_ms));
    });
  }

  read(reach: WindowReach, open: readonly SlotChunk[]): WindowRows {
    const states = [...this.#states.values()].flatMap((rows) =>
      touching(rows, reach.states.from_ms, reach.states.to_ms),
    );
    const { from_ms, to_ms } = reach.chunks;
    const chunks = new Map<string, SlotChunk>();
    for (let hour_ms = hourOf(from_ms); hour_ms < to_ms; hour_ms += HOUR_MS) {
      for (const [agent, text] of this.#chunks.get(hour_ms) ?? []) {
        chunks.set(`${agent}/${hour_ms}`, decodeChunk(text));
      }
    }
    for (const chunk of open) {
      if (chunk.hour_ms >= to_ms || chunk.hour_ms + HOUR_MS <= from_ms) continue;
      chunks.set(`${chunk.agent}/${chunk.hour_ms}`, chunk);
    }
    const seen = [...this.#seen.values()].filter(
      (row) =>
        row.seen.what === 'document_seen' ||
        (row.to_ms >= reach.seen.from_ms && row.from_ms <= reach.seen.to_ms),
    );
    return { states, chunks: [...chunks.values()], seen };
  }

  #putState(row: SaidInterval): void {
    const key = `${row.agent} ${row.device}`;
    const rows = this.#states.get(key);
    if (rows === undefined) {
      this.#states.set(key, [row]);
      return;
    }
    const end_ms = row.to_ms ?? Number.POSITIVE_INFINITY;
    let at = rows.length;
    while (at > 0 && (rows[at - 1]?.from_ms ?? 0) >= row.from_ms) at -= 1;
    const before = rows[at - 1];
    if (before !== undefined && (before.to_ms === null || before.to_ms > row.from_ms)) {
      rows[at - 1] = { ...before, to_ms: row.from_ms };
    }
    let over = at;
    while (over < rows.length && (rows[over]?.from_ms ?? end_ms) < end_ms) over += 1;
    rows.splice(at, over - at, row);
  }

  #putChunk(chunk: SlotChunk): void {
    if (chunk.hour_ms + HOUR_MS <= this.#chunks_from_ms) return;
    const hour = this.#chunks.get(chunk.hour_ms) ?? new Map<string, string>();
    this.#chunks.set(chunk.hour_ms, hour.set(chunk.agent, encodeChunk(chunk)));
  }
}

/** Those of ascending, disjoint rows that touch [from_ms, to_ms). */
function touching(rows: readonly SaidInterval[], from_ms: number, to_ms: number): SaidInterval[] {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.from_ms ?? from_ms) <= from_ms) low = middle + 1;
    else high = middle;
  }
  const out: SaidInterval[] = [];
  for (let at = Math.max(0, low - 1); at < rows.length; at += 1) {
    const row = rows[at];
    if (row === undefined || row.from_ms >= to_ms) break;
    if (row.to_ms === null || row.to_ms > from_ms) out.push(row);
  }
  return out;
}
