import { utf8 } from '../bytes.ts';
import {
  type AgentEvent,
  BATCH_BYTES_MAX,
  BATCH_VERSION,
  type BatchHeader,
  CLOCK_SAMPLES_MAX,
  CLOCK_SOURCES,
  type ClockSample,
  EVENT_CODES,
  EVENTS_MAX,
  HEADER_BYTES_MAX,
  SEAL_CAUSES,
  SECTION_NAMES,
  type SectionName,
  type SectionRef,
  TARGETS_MAX,
} from './batch.ts';
import { COUNT_MAX, PROGRAM, Strict, TIME_MS_MAX, TOKEN } from './strict.ts';
import { SECTIONS_MAX } from './wire.ts';

const HASH_BYTES = 32;
/** A signed note of one log with the signatures of some witnesses. */
const CHECKPOINT = /^[^\r]{1,4096}$/s;
const SECTION_NAME = /^[a-z][a-z0-9_-]{0,31}$/;
/** A clock may be wrong by decades in both directions; 1970 is where a dead one stands. */
const VALUE_MAX = Number.MAX_SAFE_INTEGER;

/** What acceptance needs; `v` may be a version that this program cannot read further. */
export interface BatchIdentity {
  readonly v: number;
  readonly site: string;
  readonly agent: string;
  readonly epoch: number;
  readonly seq: number;
  readonly prev: string;
  readonly sections: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

const identity = new Strict(
  'HEADER_FORMAT',
  'send the header that docs/formats/batch.md describes; nothing of this batch was stored',
);
const strict = new Strict(
  'HEADER_FIELD',
  'update agent and collector to versions that know each other; the batch is kept as unreadable',
);

/** The members of a header, of which nothing is believed yet. */
export type HeaderJson = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON once for {@link parseIdentity} and {@link parseHeader}: a fifth of what a batch
 * costs is reading JSON. Throws LanProofError HEADER_FORMAT.
 */
export function readHeaderJson(bytes: Uint8Array): HeaderJson {
  return identity.parse(bytes, HEADER_BYTES_MAX);
}

/**
 * The minimum for acceptance, of any version: whose batch it is, where in the chain it stands and
 * which sections belong to it. Throws LanProofError HEADER_FORMAT; `place` is the member's path.
 */
export function parseIdentity(input: Uint8Array | HeaderJson): BatchIdentity {
  const header = input instanceof Uint8Array ? readHeaderJson(input) : input;
  return {
    v: identity.integer(header.v, 'v', 1, COUNT_MAX),
    site: identity.assetCode(header.site, 'site'),
    agent: identity.assetCode(header.agent, 'agent'),
    epoch: identity.integer(header.epoch, 'epoch', 1, COUNT_MAX),
    seq: identity.integer(header.seq, 'seq', 1, COUNT_MAX),
    prev: identity.base64(header.prev, 'prev', HASH_BYTES),
    sections: readSections(identity, header.sections, (value, place) =>
      identity.text(value, place, SECTION_NAME),
    ),
  };
}

/**
 * The whole header. Members that version 1 does not name are passed over (a later minor may add
 * some); a member of a wrong type, range or form is refused. Throws LanProofError HEADER_VERSION
 * or HEADER_FIELD; `place` is the member's path.
 */
export function parseHeader(input: Uint8Array | HeaderJson): BatchHeader {
  const header = input instanceof Uint8Array ? strict.parse(input, HEADER_BYTES_MAX) : input;
  if (header.v !== BATCH_VERSION) strict.fail('v', `is not ${BATCH_VERSION}`, 'HEADER_VERSION');
  const list = strict.object(header.list, 'list');
  const seen = strict.object(header.seen, 'seen');
  const checkpoint = seen.checkpoint;
  return {
    v: BATCH_VERSION,
    site: strict.assetCode(header.site, 'site'),
    agent: strict.assetCode(header.agent, 'agent'),
    epoch: strict.integer(header.epoch, 'epoch', 1, COUNT_MAX),
    seq: strict.integer(header.seq, 'seq', 1, COUNT_MAX),
    prev: strict.base64(header.prev, 'prev', HASH_BYTES),
    list: {
      version: strict.integer(list.version, 'list.version', 1, COUNT_MAX),
      hash: strict.base64(list.hash, 'list.hash', HASH_BYTES),
    },
    seen: {
      log: strict.text(seen.log, 'seen.log', TOKEN),
      size: strict.integer(seen.size, 'seen.size'),
      ...(checkpoint === undefined
        ? {}
        : { checkpoint: strict.text(checkpoint, 'seen.checkpoint', CHECKPOINT) }),
    },
    boot: strict.text(header.boot, 'boot', TOKEN),
    run: strict.text(header.run, 'run', TOKEN),
    sealed_ms: strict.integer(header.sealed_ms, 'sealed_ms', 0, TIME_MS_MAX),
    closed_to_ms: strict.integer(header.closed_to_ms, 'closed_to_ms', 0, TIME_MS_MAX),
    cause: strict.oneOf(header.cause, 'cause', SEAL_CAUSES),
    ...(header.engine === undefined ? {} : { engine: readEngine(header.engine) }),
    ...(header.software === undefined
      ? {}
      : { software: strict.text(header.software, 'software', PROGRAM) }),
    clock: strict.list(header.clock, 'clock', CLOCK_SAMPLES_MAX).map(readSample),
    events: strict.list(header.events, 'events', EVENTS_MAX).map(readEvent),
    sections: readSections(strict, header.sections, (value, place) =>
      strict.oneOf<SectionName>(value, place, SECTION_NAMES),
    ),
  };
}

/** JSON in the one member order of docs/formats/batch.md; absent members are left out. */
export function encodeHeader(header: BatchHeader): Uint8Array {
  const { v, site, agent, epoch, seq, prev, list, seen, boot, run } = header;
  const { sealed_ms, closed_to_ms, cause, engine, software } = header;
  return utf8(
    JSON.stringify({
      ...{ v, site, agent, epoch, seq, prev },
      list: { version: list.version, hash: list.hash },
      seen: { log: seen.log, size: seen.size, checkpoint: seen.checkpoint },
      ...{ boot, run, sealed_ms, closed_to_ms, cause },
      engine: engine && { icmp: engine.icmp, arp: engine.arp },
      software,
      clock: header.clock.map(({ mono_ms, wall_ms, source, sync, error_ms }) => ({
        ...{ mono_ms, wall_ms, source, sync, error_ms },
      })),
      events: header.events.map(({ code, mono_ms, target, value, utc_ms }) => ({
        ...{ code, mono_ms, target, value, utc_ms },
      })),
      sections: header.sections.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
    }),
  );
}

function readSections<Name extends string>(
  reader: Strict,
  value: unknown,
  readName: (value: unknown, place: string) => Name,
): (Omit<SectionRef, 'name'> & { readonly name: Name })[] {
  const names = new Set<string>();
  return reader.list(value, 'sections', SECTIONS_MAX).map((item, index) => {
    const place = `sections[${index}]`;
    const section = reader.object(item, place);
    const name = readName(section.name, `${place}.name`);
    if (names.has(name)) reader.fail(`${place}.name`, 'stands twice');
    names.add(name);
    return {
      name,
      bytes: reader.integer(section.bytes, `${place}.bytes`, 0, BATCH_BYTES_MAX),
      sha256: reader.base64(section.sha256, `${place}.sha256`, HASH_BYTES),
    };
  });
}

function readEngine(value: unknown): NonNullable<BatchHeader['engine']> {
  const engine = strict.object(value, 'engine');
  return {
    icmp: strict.text(engine.icmp, 'engine.icmp', PROGRAM),
    arp: strict.text(engine.arp, 'engine.arp', PROGRAM),
  };
}

function readSample(item: unknown, index: number): ClockSample {
  const place = `clock[${index}]`;
  const sample = strict.object(item, place);
  return {
    mono_ms: strict.integer(sample.mono_ms, `${place}.mono_ms`),
    wall_ms: strict.integer(sample.wall_ms, `${place}.wall_ms`, 0, TIME_MS_MAX),
    source: strict.oneOf(sample.source, `${place}.source`, CLOCK_SOURCES),
    sync: strict.boolean(sample.sync, `${place}.sync`),
    error_ms:
      sample.error_ms === null ? null : strict.integer(sample.error_ms, `${place}.error_ms`),
  };
}

function readEvent(item: unknown, index: number): AgentEvent {
  const place = `events[${index}]`;
  const event = strict.object(item, place);
  const { target, value, utc_ms } = event;
  return {
    code: strict.oneOf(event.code, `${place}.code`, EVENT_CODES),
    mono_ms: strict.integer(event.mono_ms, `${place}.mono_ms`),
    ...(target === undefined
      ? {}
      : { target: strict.integer(target, `${place}.target`, 0, TARGETS_MAX - 1) }),
    ...(value === undefined
      ? {}
      : { value: strict.integer(value, `${place}.value`, -VALUE_MAX, VALUE_MAX) }),
    ...(utc_ms === undefined
      ? {}
      : { utc_ms: strict.integer(utc_ms, `${place}.utc_ms`, 0, TIME_MS_MAX) }),
  };
}
