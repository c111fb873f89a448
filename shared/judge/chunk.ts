import { LanProofError } from '../errors.ts';
import { isRawCode, type RawCode } from '../measure/codes.ts';
import { type DeviceState, ITEMS_MAX, type Item } from './state.ts';
import { SLOT_CLASSES, type SlotClass, type SlotRun } from './types.ts';

/**
 * Slots are kept as one chunk per agent and UTC hour. Text form (version 1), compact JSON:
 * `{"v":1,"agent","hour_ms","fill","batches":[[epoch,seq],…],
 * "groups":[{"d":[device,…],"r":[run,…]},…]}`
 * with a run `[offset_s, interval_s, slots, class, code, batch]`: offset from the hour's start,
 * class as a letter (CLASS_LETTERS), code a raw code or "", batch an index of `batches` or −1.
 * Devices with equal runs, which is most of them in a steady hour, share one group; `fill` is the
 * letter of the one class of an hour without any tick, else "": months without power stay small.
 */
export const HOUR_MS = 3_600_000;
const MS_PER_S = 1_000;

/** In the order of SLOT_CLASSES; a letter is never used for another class. */
const CLASS_LETTERS = 'WUCIPMODVLSGNAR';

/** Consecutive slots of one class and code inside one hour; slot numbers of the device's grid. */
export interface HourRun {
  readonly s: number;
  n: number;
  readonly cls: SlotClass;
  readonly code: RawCode | null;
  readonly epoch: number | null;
  readonly seq: number | null;
}

export interface SlotChunk {
  readonly agent: string;
  /** Start of the UTC hour. */
  readonly hour_ms: number;
  /** Not null: all slots of all devices are of this class and have no tick; `runs` is empty. */
  readonly fill: SlotClass | null;
  /** By device code, ascending in time. */
  readonly runs: Readonly<Record<string, readonly SlotRun[]>>;
}

/** Appends final slots. Runs with ticks end with their hour: a chunk names each one's batch. */
export function appendRun(device: DeviceState, item: Item, cls: SlotClass): void {
  const per_hour = HOUR_MS / device.interval_ms;
  const { code, epoch, seq } = item;
  let { s, n } = item;
  while (n > 0) {
    const fits = code === null ? n : Math.min(n, per_hour - (s % per_hour));
    const last = device.runs.at(-1);
    const joins = last?.cls === cls && last.code === code && last.s + last.n === s;
    if (joins && (code === null || s % per_hour !== 0)) last.n += fits;
    else device.runs = [...device.runs, { s, n: fits, cls, code, epoch, seq }];
    s += fits;
    n -= fits;
  }
}

/** The chunk of an hour out of the devices' runs; devices without a slot in it are left out. */
export function buildChunk(
  agent: string,
  hour_ms: number,
  devices: readonly DeviceState[],
  runsOf: (device: DeviceState) => readonly HourRun[],
): SlotChunk {
  const runs: Record<string, SlotRun[]> = {};
  const fills = new Set<SlotClass | null>();
  for (const device of devices) {
    const inside = clipRuns(runsOf(device), hour_ms, device.interval_ms);
    const [only] = inside;
    if (only === undefined) continue;
    const whole = only.n * device.interval_ms === HOUR_MS && only.code === null;
    fills.add(whole ? only.cls : null);
    const list = runs[device.device] ?? [];
    runs[device.device] = list;
    for (const run of inside) list.push(slotRun(agent, device, run));
    // One device may stand here twice, when a list changed its interval inside the hour.
    list.sort((a, b) => a.from_ms - b.from_ms);
  }
  const [fill = null] = fills;
  if (fills.size === 1 && fill !== null) return { agent, hour_ms, fill, runs: {} };
  return { agent, hour_ms, fill: null, runs };
}

function clipRuns(runs: readonly HourRun[], hour_ms: number, i: number): HourRun[] {
  const [first, end] = [hour_ms / i, (hour_ms + HOUR_MS) / i];
  const out: HourRun[] = [];
  for (const run of runs) {
    const s = Math.max(run.s, first);
    const n = Math.min(run.s + run.n, end) - s;
    if (n > 0) out.push({ ...run, s, n });
  }
  return out;
}

export function hourOf(ms: number): number {
  return ms - (ms % HOUR_MS);
}

export function slotRun(agent: string, device: DeviceState, run: HourRun): SlotRun {
  return {
    device: device.device,
    from_ms: run.s * device.interval_ms,
    interval_ms: device.interval_ms,
    slots: run.n,
    class: run.cls,
    code: run.code,
    agent,
    epoch: run.epoch,
    seq: run.seq,
  };
}

/** Same chunk, same text: devices and batches stand in the order of their first appearance. */
export function encodeChunk(chunk: SlotChunk): string {
  const batches: [number, number][] = [];
  const numbers = new Map<string, number>();
  const groups = new Map<string, string[]>();
  for (const [device, runs] of Object.entries(chunk.runs)) {
    const rows = runs.map((run) => {
      let batch = -1;
      if (run.epoch !== null && run.seq !== null) {
        const key = `${run.epoch}/${run.seq}`;
        batch = numbers.get(key) ?? batches.push([run.epoch, run.seq]) - 1;
        numbers.set(key, batch);
      }
      const letter = letterOf(run.class);
      const offset_s = (run.from_ms - chunk.hour_ms) / MS_PER_S;
      return [offset_s, run.interval_ms / MS_PER_S, run.slots, letter, run.code ?? '', batch];
    });
    const text = JSON.stringify(rows);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [device]);
    else group.push(device);
  }
  const fill = chunk.fill === null ? '' : letterOf(chunk.fill);
  const { agent, hour_ms } = chunk;
  const head = JSON.stringify({ v: 1, agent, hour_ms, fill, batches });
  const body = [...groups].map(([rows, devices]) => `{"d":${JSON.stringify(devices)},"r":${rows}}`);
  return `${head.slice(0, -1)},"groups":[${body.join(',')}]}`;
}

/**
 * Reads a chunk that this program stored. Throws LanProofError CHUNK_FORMAT: the store is damaged
 * and the slots are computed again from the ledger. `device`: only that one's runs are built.
 */
export function decodeChunk(text: string, device?: string): SlotChunk {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('not JSON');
  }
  const chunk = object(value);
  const { agent, hour_ms, fill } = chunk;
  if (chunk.v !== 1 || typeof agent !== 'string' || typeof hour_ms !== 'number') {
    throw damaged('no head');
  }
  const batches = list(chunk.batches).map((pair) => list(pair).map(Number));
  const runs: Record<string, SlotRun[]> = {};
  for (const item of list(chunk.groups)) {
    const group = object(item);
    const rows = list(group.r);
    for (const name of list(group.d)) {
      if (typeof name !== 'string') throw damaged('a device without a name');
      if (device !== undefined && name !== device) continue;
      runs[name] = rows.map((row) => readRun(list(row), name, agent, hour_ms, batches));
    }
  }
  return { agent, hour_ms, fill: fill === '' ? null : classOf(fill), runs };
}

function letterOf(cls: SlotClass): string {
  return CLASS_LETTERS.charAt(SLOT_CLASSES.indexOf(cls));
}

function classOf(letter: unknown): SlotClass {
  const at = typeof letter === 'string' && letter.length === 1 ? CLASS_LETTERS.indexOf(letter) : -1;
  const cls = SLOT_CLASSES[at];
  if (cls === undefined) throw damaged('an unknown class');
  return cls;
}

function readRun(
  row: readonly unknown[],
  device: string,
  agent: string,
  hour_ms: number,
  batches: readonly (readonly number[])[],
): SlotRun {
  const [offset_s, interval_s, slots, letter, code, batch] = row;
  const known = typeof code === 'string' && (code === '' || isRawCode(code));
  if (!known || !Number.isSafeInteger(slots)) throw damaged('an odd run');
  const [epoch = null, seq = null] = batches[Number(batch)] ?? [];
  return {
    device,
    from_ms: hour_ms + Number(offset_s) * MS_PER_S,
    interval_ms: Number(interval_s) * MS_PER_S,
    slots: Number(slots),
    class: classOf(letter),
    code: isRawCode(code) ? code : null,
    agent,
    epoch,
    seq,
  };
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw damaged('no object');
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > ITEMS_MAX) throw damaged('no list');
  return value;
}

function damaged(what: string): LanProofError {
  return new LanProofError('CHUNK_FORMAT', `the stored slots are damaged: ${what}`, {
    hint: 'run "lanproof rebuild": slots are computed again from the ledger',
  });
}
