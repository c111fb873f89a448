import { CAUSES, CONFIDENCES } from '../judge/cause-names.ts';
import type {
  CarriedIncident,
  CarriedTrouble,
  DeviceCarry,
  Incident,
  IncidentKind,
  IncidentPhase,
  TroubleSort,
} from '../judge/site/material.ts';
import type { Span } from '../judge/spans.ts';
import { STATES } from '../judge/types.ts';
import { DEVICES_PER_SITE_MAX } from '../measure/inventory-defaults.ts';
import { COUNT_MAX } from '../measure/strict.ts';
import { readFact } from './day-facts.ts';
import { usualAnswered } from './day-write.ts';
import type { PaperReader } from './paper-reader.ts';
import type { DayDevice, DayPaper } from './types.ts';

/** An endpoint that answers every third slot of a second in ten minutes. */
const ANSWERED_MAX = 1_000;
/** As many as devices: each may have one that is not settled, beside shared ones. */
const INCIDENTS_MAX = 2 * DEVICES_PER_SITE_MAX;
/** What one cause stands on; a storm has the most. */
const FACTS_MAX = 10_000;
/** Joined ones of some 15 minutes, one of a sort and incident. */
const TROUBLES_MAX = 1_000;
const INCIDENT_ID = /^[0-9a-f]{64}$/;
const KINDS = ['outage', 'degraded', 'flapping'] as const satisfies readonly IncidentKind[];
const PHASES = ['open', 'settling', 'settled'] as const satisfies readonly IncidentPhase[];
const SORTS = ['outage', 'lossy', 'degraded', 'flapping'] as const satisfies readonly TroubleSort[];
const DEVICE = [
  'state',
  'silent_since_ms',
  'earliest_ms',
  'off',
  'answered',
  'incident',
  'last_reply_ms',
  'ever_answered',
  'root',
  'piece_from_ms',
  'unknown_since_ms',
  'before',
  'troubles',
] as const;
const INCIDENT = [
  'id',
  'kind',
  'phase',
  'cause',
  'confidence',
  'roots',
  'unreachable',
  'started_at_ms',
  'started_earliest_ms',
  'ended_at_ms',
  'ended_latest_ms',
  'facts',
] as const;

/** What a day leaves to the next one. Throws what `reader` throws. */
export function readCarry(reader: PaperReader, value: unknown, place: string): DayPaper['carry'] {
  const found = reader.members(value, place, ['at_ms', 'warm_ms', 'devices', 'incidents']);
  const at_ms = reader.time(found.at_ms, `${place}.at_ms`);
  const warm_ms = reader.time(found.warm_ms, `${place}.warm_ms`);
  if (warm_ms > at_ms) reader.fail(`${place}.warm_ms`, 'is after at_ms');
  const devices = Object.entries(reader.object(found.devices, `${place}.devices`));
  if (devices.length > DEVICES_PER_SITE_MAX) {
    reader.fail(`${place}.devices`, `has more than ${DEVICES_PER_SITE_MAX} members`);
  }
  return {
    at_ms,
    warm_ms,
    devices: Object.fromEntries(
      devices.map(([code, device]) => {
        const at = `${place}.devices.${code.slice(0, 40)}`;
        return [reader.assetCode(code, at), readDevice(reader, device, at, warm_ms)];
      }),
    ),
    incidents: reader
      .list(found.incidents, `${place}.incidents`, INCIDENTS_MAX)
      .map((item, index) => readIncident(reader, item, `${place}.incidents[${index}]`)),
  };
}

/** Every member may be missing: what is usual is left out (day-write.ts). */
function readDevice(
  reader: PaperReader,
  value: unknown,
  place: string,
  warm_ms: number,
): DayDevice {
  const found = reader.members(value, place, [], DEVICE);
  const maybe = (name: string) => maybeTime(reader, found[name] ?? null, `${place}.${name}`);
  const flag = (name: string, usual: boolean) =>
    found[name] === undefined ? usual : reader.boolean(found[name], `${place}.${name}`);
  const { incident = null, answered } = found;
  const last_reply_ms = maybe('last_reply_ms');
  const ever_answered = flag('ever_answered', last_reply_ms !== null);
  if (last_reply_ms !== null && !ever_answered) {
    reader.fail(`${place}.ever_answered`, 'is false beside a last reply');
  }
  const state = reader.oneOf(found.state ?? 'up', `${place}.state`, STATES);
  return {
    state,
    silent_since_ms: maybe('silent_since_ms'),
    earliest_ms: maybe('earliest_ms'),
    off: flag('off', state === 'off'),
    answered:
      answered === undefined
        ? usualAnswered(state, warm_ms)
        : readSpans(reader, answered, `${place}.answered`),
    incident: incident === null ? null : readCarried(reader, incident, `${place}.incident`),
    last_reply_ms,
    ever_answered,
    ...readSilence(reader, found, place),
  };
}

type Silence = Pick<
  DeviceCarry,
  'root' | 'piece_from_ms' | 'unknown_since_ms' | 'before' | 'troubles'
>;

/** What is missing stays so: it says as much as null. */
function readSilence(reader: PaperReader, found: Record<string, unknown>, place: string): Silence {
  const { root = null, piece_from_ms = null, unknown_since_ms = null, before = null } = found;
  const time = (value: unknown, name: string) => reader.time(value, `${place}.${name}`);
  return {
    ...(root === null ? {} : { root: reader.assetCode(root, `${place}.root`) }),
    ...(piece_from_ms === null ? {} : { piece_from_ms: time(piece_from_ms, 'piece_from_ms') }),
    ...(unknown_since_ms === null
      ? {}
      : { unknown_since_ms: time(unknown_since_ms, 'unknown_since_ms') }),
    ...(before === null ? {} : { before: readShare(reader, before, `${place}.before`) }),
    ...(found.troubles === undefined
      ? {}
      : { troubles: readTroubles(reader, found.troubles, `${place}.troubles`) }),
  };
}

function readShare(reader: PaperReader, value: unknown, place: string) {
  const found = reader.members(value, place, ['slots', 'lost']);
  const slots = reader.integer(found.slots, `${place}.slots`, 0, COUNT_MAX);
  return { slots, lost: reader.integer(found.lost, `${place}.lost`, 0, slots) };
}

function readTroubles(reader: PaperReader, value: unknown, place: string): CarriedTrouble[] {
  return reader.list(value, place, TROUBLES_MAX).map((item, index) => {
    const at = `${place}[${index}]`;
    const found = reader.members(item, at, ['sort', 'from_ms', 'to_ms', 'incident']);
    return {
      sort: reader.oneOf(found.sort, `${at}.sort`, SORTS),
      from_ms: reader.time(found.from_ms, `${at}.from_ms`),
      to_ms: reader.time(found.to_ms, `${at}.to_ms`),
      incident: readCarried(reader, found.incident, `${at}.incident`),
    };
  });
}

function readCarried(reader: PaperReader, value: unknown, place: string): CarriedIncident {
  const names = ['id', 'root', 'from_ms', 'earliest_ms', 'cause', 'confidence'];
  const found = reader.members(value, place, names);
  return {
    id: reader.text(found.id, `${place}.id`, INCIDENT_ID),
    root: reader.assetCode(found.root, `${place}.root`),
    from_ms: reader.time(found.from_ms, `${place}.from_ms`),
    earliest_ms: maybeTime(reader, found.earliest_ms, `${place}.earliest_ms`),
    cause: reader.oneOf(found.cause, `${place}.cause`, CAUSES),
    confidence: reader.oneOf(found.confidence, `${place}.confidence`, CONFIDENCES),
  };
}

function readIncident(reader: PaperReader, value: unknown, place: string): Incident {
  const found = reader.members(value, place, INCIDENT);
  return {
    id: reader.text(found.id, `${place}.id`, INCIDENT_ID),
    kind: reader.oneOf(found.kind, `${place}.kind`, KINDS),
    phase: reader.oneOf(found.phase, `${place}.phase`, PHASES),
    cause: reader.oneOf(found.cause, `${place}.cause`, CAUSES),
    confidence: reader.oneOf(found.confidence, `${place}.confidence`, CONFIDENCES),
    roots: readCodes(reader, found.roots, `${place}.roots`),
    unreachable: readCodes(reader, found.unreachable, `${place}.unreachable`),
    started_at_ms: reader.time(found.started_at_ms, `${place}.started_at_ms`),
    started_earliest_ms: maybeTime(
      reader,
      found.started_earliest_ms,
      `${place}.started_earliest_ms`,
    ),
    ended_at_ms: maybeTime(reader, found.ended_at_ms, `${place}.ended_at_ms`),
    ended_latest_ms: maybeTime(reader, found.ended_latest_ms, `${place}.ended_latest_ms`),
    facts: reader
      .list(found.facts, `${place}.facts`, FACTS_MAX)
      .map((item, index) => readFact(reader, item, `${place}.facts[${index}]`)),
  };
}

function readCodes(reader: PaperReader, value: unknown, place: string): string[] {
  const items = reader.list(value, place, DEVICES_PER_SITE_MAX);
  return items.map((item, index) => reader.assetCode(item, `${place}[${index}]`));
}

function readSpans(reader: PaperReader, value: unknown, place: string): Span[] {
  let end_ms = 0;
  return reader.list(value, place, ANSWERED_MAX).map((item, index) => {
    const at = `${place}[${index}]`;
    const found = reader.members(item, at, ['from_ms', 'to_ms']);
    const from_ms = reader.time(found.from_ms, `${at}.from_ms`);
    const to_ms = reader.time(found.to_ms, `${at}.to_ms`);
    if (from_ms < end_ms || to_ms <= from_ms) reader.fail(at, 'is empty or out of order');
    end_ms = to_ms;
    return { from_ms, to_ms };
  });
}

function maybeTime(reader: PaperReader, value: unknown, place: string): number | null {
  return value === null ? null : reader.time(value, place);
}
