import { DEVICE_KINDS, type DeviceKind, REACHABILITIES, type Reachability } from './codes.ts';
import {
  AGENTS_PER_SITE_MAX,
  CALENDAR_DEFAULT,
  DEVICES_PER_SITE_MAX,
  RTT_LIMIT_LAN_MS,
  RTT_LIMIT_OUTSIDE_MS,
} from './inventory-defaults.ts';
import { type Attachment, POWERED_BY, type PoweredBy } from './inventory-types.ts';
import { type PublicProbeTimes, readProbeTimes } from './site-document-probes.ts';
import { COUNT_MAX, Strict, TIME_MS_MAX, TOKEN } from './strict.ts';

/**
 * Payload of a `site` document: every fact about the site that a figure may need, and nothing
 * that names a person, an address or a place. It is a leaf for ever (docs/formats/papers.md).
 */
export interface SiteDocument {
  readonly v: 1;
  readonly log: string;
  readonly site: string;
  readonly unit: string;
  /** From 1. */
  readonly version: number;
  readonly issued_ms: number;
  /** Name of the account or token that imported it. */
  readonly author: string;
  readonly calendar: string;
  /** Number of workplaces by group. */
  readonly workplaces: Readonly<Record<string, number>>;
  readonly agents: readonly SiteDocumentAgent[];
  readonly devices: readonly SiteDocumentDevice[];
}

export interface SiteDocumentAgent {
  readonly code: string;
  readonly attached?: Attachment;
}

export interface SiteDocumentDevice {
  readonly code: string;
  readonly kind: DeviceKind;
  /** The owning agent's code. */
  readonly agent: string;
  readonly reachability: Reachability;
  readonly attached?: Attachment;
  readonly groups: readonly string[];
  readonly powered_by: PoweredBy;
  readonly witnesses: readonly string[];
  readonly rtt_limit_ms: number;
  readonly probes: PublicProbeTimes;
  /** Counts replacements under one code, from 1. */
  readonly generation: number;
}

/** 2,000 devices with every probe and 64 groups each stay far below it. */
export const SITE_DOCUMENT_BYTES_MAX = 8 * 1024 * 1024;
/** As the inventory reader: groups, witnesses of one device. */
const CODES_MAX = 64;
/** As the inventory reader allows them. */
const WORKPLACES_MAX = 10_000;
const RTT_LIMIT_MAX_MS = 10_000;
const GENERATION_MAX = 1_000;
/** As the inventory reader: any text of one port's name, on one line or not. */
const PORT = /^.{1,200}$/s;
const AUTHOR = /^.{1,200}$/s;

const HINT = 'update this program if the document is newer; docs/formats/papers.md lists members';
const strict = new Strict('SITE_FORMAT', HINT);

/**
 * Payload bytes of a `site` document. Members that version 1 does not name are passed over; those
 * that an older program did not write are as the inventory fills them in. Throws LanProofError
 * SITE_FORMAT with the member's path as place.
 */
export function parseSiteDocument(bytes: Uint8Array): SiteDocument {
  const found = strict.parse(bytes, SITE_DOCUMENT_BYTES_MAX);
  strict.integer(found.v, 'v', 1, 1);
  const agents = strict.list(found.agents, 'agents', AGENTS_PER_SITE_MAX).map(readAgent);
  const devices = strict.list(found.devices, 'devices', DEVICES_PER_SITE_MAX).map(readDevice);
  refuseTwice(agents, 'agents');
  refuseTwice(devices, 'devices');
  return {
    v: 1,
    log: strict.text(found.log, 'log', TOKEN),
    site: strict.assetCode(found.site, 'site'),
    unit: strict.assetCode(found.unit, 'unit'),
    version: strict.integer(found.version, 'version', 1, COUNT_MAX),
    issued_ms: strict.integer(found.issued_ms, 'issued_ms', 0, TIME_MS_MAX),
    author: strict.text(found.author, 'author', AUTHOR),
    calendar: strict.assetCode(found.calendar ?? CALENDAR_DEFAULT, 'calendar'),
    workplaces: readWorkplaces(found.workplaces ?? {}),
    agents,
    devices,
  };
}

function readWorkplaces(value: unknown): Record<string, number> {
  const entries = Object.entries(strict.object(value, 'workplaces'));
  return Object.fromEntries(
    entries.map(([group, count]) => {
      const place = `workplaces.${group.slice(0, 40)}`;
      strict.assetCode(group, place);
      return [group, strict.integer(count, place, 0, WORKPLACES_MAX)];
    }),
  );
}

function readAgent(item: unknown, index: number): SiteDocumentAgent {
  const place = `agents[${index}]`;
  const agent = strict.object(item, place);
  return {
    code: strict.assetCode(agent.code, `${place}.code`),
    ...readAttached(agent.attached, `${place}.attached`),
  };
}

function readDevice(item: unknown, index: number): SiteDocumentDevice {
  const place = `devices[${index}]`;
  const device = strict.object(item, place);
  const kind = strict.oneOf(device.kind, `${place}.kind`, DEVICE_KINDS);
  const limit_ms = kind === 'upstream' ? RTT_LIMIT_OUTSIDE_MS : RTT_LIMIT_LAN_MS;
  const at = (member: string) => `${place}.${member}`;
  return {
    code: strict.assetCode(device.code, at('code')),
    kind,
    agent: strict.assetCode(device.agent, at('agent')),
    reachability: strict.oneOf(device.reachability, at('reachability'), REACHABILITIES),
    ...readAttached(device.attached, at('attached')),
    groups: readCodes(device.groups ?? [], at('groups')),
    powered_by: strict.oneOf(device.powered_by ?? 'unknown', at('powered_by'), POWERED_BY),
    witnesses: readCodes(device.witnesses ?? [], at('witnesses')),
    rtt_limit_ms: strict.integer(
      device.rtt_limit_ms ?? limit_ms,
      at('rtt_limit_ms'),
      1,
      RTT_LIMIT_MAX_MS,
    ),
    probes: readProbeTimes(strict, device.probes, at('probes')),
    generation: strict.integer(device.generation ?? 1, at('generation'), 1, GENERATION_MAX),
  };
}

function readAttached(value: unknown, place: string): { attached?: Attachment } {
  if (value === undefined) return {};
  const { device, port } = strict.object(value, place);
  const code = strict.assetCode(device, `${place}.device`);
  if (port === undefined) return { attached: { device: code } };
  return { attached: { device: code, port: strict.text(port, `${place}.port`, PORT) } };
}

function readCodes(value: unknown, place: string): string[] {
  const items = strict.list(value, place, CODES_MAX);
  return items.map((item, index) => strict.assetCode(item, `${place}[${index}]`));
}

function refuseTwice(items: readonly { readonly code: string }[], place: string): void {
  const seen = new Set<string>();
  for (const [index, { code }] of items.entries()) {
    if (seen.has(code)) strict.fail(`${place}[${index}].code`, 'stands twice');
    seen.add(code);
  }
}
