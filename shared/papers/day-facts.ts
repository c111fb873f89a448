import type { Fact, FactName } from '../judge/site/facts.ts';
import { COUNT_MAX } from '../measure/strict.ts';
import type { PaperReader } from './paper-reader.ts';

type Shape = Readonly<Record<string, (reader: PaperReader, value: unknown, at: string) => unknown>>;

/** Names of ports and signs, as devices give them: any text, but not endless. */
const TEXT = /^.{0,500}$/s;

const code = (reader: PaperReader, value: unknown, at: string) => reader.assetCode(value, at);
const flag = (reader: PaperReader, value: unknown, at: string) => reader.boolean(value, at);
const text = (reader: PaperReader, value: unknown, at: string) => reader.text(value, at, TEXT);
const count = (reader: PaperReader, value: unknown, at: string) =>
  reader.integer(value, at, 0, COUNT_MAX);
const share = (reader: PaperReader, value: unknown, at: string) =>
  typeof value === 'number' && value >= 0 ? value : reader.fail(at, 'is not a ratio from 0');
const maybeText = (reader: PaperReader, value: unknown, at: string) =>
  value === null ? null : text(reader, value, at);

const DEVICE = { device: code };
const AGENT = { agent: code };
const PORT = { device: code, port: text };

/** Members of each fact beside what, from_ms, to_ms and pointer. */
const SHAPES: Readonly<Record<FactName, Shape>> = {
  restart: { ...DEVICE, evidence: text },
  link: { ...PORT, up: flag },
  flap: { ...DEVICE, port: maybeText },
  ac_line: { ...AGENT, on: flag },
  ups_on_battery: { ...DEVICE, on: flag },
  agent_stop: AGENT,
  agent_start: { ...AGENT, new_boot: flag },
  carrier: { ...AGENT, up: flag },
  disk_full: AGENT,
  large_echo_loss: { ...DEVICE, minutes: count },
  error_growth: { ...PORT, ratio: share },
  duplex_mismatch: PORT,
  late_collisions: PORT,
  half_duplex: PORT,
  speed_fall: PORT,
  mac_move: DEVICE,
  broadcast_surge: DEVICE,
  stp_change: DEVICE,
  duplicate_address: DEVICE,
  snmp_silent: DEVICE,
  dns_fail: { target: code },
  app_fail: { target: code },
  port_traffic: { ...DEVICE, full_speed: flag, traffic: flag },
};

function isFactName(name: unknown): name is FactName {
  return typeof name === 'string' && Object.hasOwn(SHAPES, name);
}

/** One fact of an incident that is carried over a midnight. Throws what `reader` throws. */
export function readFact(reader: PaperReader, value: unknown, place: string): Fact {
  const { what } = reader.object(value, place);
  if (!isFactName(what)) return reader.fail(`${place}.what`, 'is no fact of this version');
  const shape = Object.entries(SHAPES[what]);
  const own = shape.map(([name]) => name);
  const found = reader.members(value, place, ['what', 'from_ms', 'to_ms', 'pointer', ...own]);
  const at = `${place}.pointer`;
  const pointer = reader.members(found.pointer, at, ['agent', 'epoch', 'seq']);
  const from_ms = reader.time(found.from_ms, `${place}.from_ms`);
  const to_ms = reader.time(found.to_ms, `${place}.to_ms`);
  if (to_ms < from_ms) reader.fail(`${place}.to_ms`, 'is before from_ms');
  const fact = {
    what,
    from_ms,
    to_ms,
    pointer: {
      agent: reader.assetCode(pointer.agent, `${at}.agent`),
      epoch: reader.integer(pointer.epoch, `${at}.epoch`, 0, COUNT_MAX),
      seq: reader.integer(pointer.seq, `${at}.seq`, 0, COUNT_MAX),
    },
    ...Object.fromEntries(
      shape.map(([name, read]) => [name, read(reader, found[name], `${place}.${name}`)]),
    ),
  };
  // Each member was read by the shape of this very fact.
  return fact as Fact;
}
