import { concat, fromBase64, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto } from '../evidence/crypto.ts';
import { SALT_BYTES, TARGETS_MAX } from './batch.ts';
import { CHECKS_MAX, DEVICE_KINDS, INTERVALS_S, REACHABILITIES } from './codes.ts';
import { WITNESSES_MAX } from './inventory-defaults.ts';
import { COUNT_MAX, Strict, TIME_MS_MAX, TOKEN } from './strict.ts';
import type {
  PrivateRecord,
  PrivateTargets,
  ProbeTimes,
  PublicProbes,
  PublicTarget,
  TargetList,
} from './targets.ts';

/** 2,000 targets with links and commitments are below 1 MB. */
export const TARGET_LIST_BYTES_MAX = 4 * 1024 * 1024;
/** JSON text of one private record; one of eight checks of each kind with long names fits. */
export const RECORD_CHARS_MAX = 8_192;
const HASH_BYTES = 32;
const INTERVALS_MS: ReadonlySet<number> = new Set(INTERVALS_S.map((s) => s * 1_000));
/** contracts: 50 ms ≤ timeout ≤ interval − 100 ms, so that a verdict falls before the next tick. */
export const TIMEOUT_MS_MIN = 50;
export const TIMEOUT_MARGIN_MS = 100;
/** Payload of the large echo: smaller is no more than the small one's. */
export const ECHO_LARGE_BYTES_MIN = 64;
/** More would not fit one frame: an MTU of 1,500 less IPv4 and ICMP headers. */
export const ECHO_LARGE_BYTES_MAX = 1_472;
/** A port as a person declared it: ifName, ifDescr or ifIndex. */
const PORT = /^[^\p{C}]{1,64}$/u;

const strict = new Strict('TARGETS_FORMAT', 'keep the list in force and fetch this one again');

/**
 * The signed payload of a target list. Own targets stand before others, codes are unique. Members
 * that version 1 does not name are passed over. Throws LanProofError TARGETS_FORMAT with the
 * member's path as place.
 */
export function parseTargetList(payload: Uint8Array): TargetList {
  const list = strict.parse(payload, TARGET_LIST_BYTES_MAX);
  strict.integer(list.v, 'v', 1, 1);
  const codes = new Set<string>();
  let own = true;
  const targets = strict.list(list.targets, 'targets', TARGETS_MAX).map((item, index) => {
    const place = `targets[${index}]`;
    const target = readTarget(item, place);
    if (codes.has(target.code)) strict.fail(`${place}.code`, 'stands twice');
    codes.add(target.code);
    if (target.own && !own) strict.fail(`${place}.own`, 'is true behind a false one');
    own = target.own;
    return target;
  });
  return {
    v: 1,
    version: strict.integer(list.version, 'version', 1, COUNT_MAX),
    site: strict.assetCode(list.site, 'site'),
    agent: strict.assetCode(list.agent, 'agent'),
    log: strict.text(list.log, 'log', TOKEN),
    issued_ms: strict.integer(list.issued_ms, 'issued_ms', 0, TIME_MS_MAX),
    targets,
  };
}

function readTarget(item: unknown, place: string): PublicTarget {
  const target = strict.object(item, place);
  const code = strict.assetCode(target.code, `${place}.code`);
  const link = target.link === undefined ? undefined : strict.object(target.link, `${place}.link`);
  const probes = readProbes(target.probes, `${place}.probes`);
  return {
    code,
    kind: strict.oneOf(target.kind, `${place}.kind`, DEVICE_KINDS),
    own: strict.boolean(target.own, `${place}.own`),
    reachability: strict.oneOf(target.reachability, `${place}.reachability`, REACHABILITIES),
    probes,
    ...(link === undefined ? {} : { link: readLink(link, `${place}.link`) }),
    ...(target.witnesses === undefined
      ? {}
      : { witnesses: readWitnesses(target.witnesses, `${place}.witnesses`, code) }),
    commitment: strict.base64(target.commitment, `${place}.commitment`, HASH_BYTES),
  };
}

function readLink(link: Record<string, unknown>, place: string): { device: string; port?: string } {
  const device = strict.assetCode(link.device, `${place}.device`);
  if (link.port === undefined) return { device };
  return { device, port: strict.text(link.port, `${place}.port`, PORT) };
}

/** They may be targets of other agents, so they need not stand in this list. */
function readWitnesses(value: unknown, place: string, code: string): string[] {
  const witnesses = strict
    .list(value, place, WITNESSES_MAX)
    .map((item, k) => strict.assetCode(item, `${place}[${k}]`));
  for (const [k, witness] of witnesses.entries()) {
    if (witness === code) strict.fail(`${place}[${k}]`, 'is the target itself');
    if (witnesses.indexOf(witness) !== k) strict.fail(`${place}[${k}]`, 'stands twice');
  }
  return witnesses;
}

function readProbes(value: unknown, place: string): PublicProbes {
  const probes = strict.object(value, place);
  const member = <T>(name: string, read: (value: unknown, place: string) => T) =>
    probes[name] === undefined ? undefined : read(probes[name], `${place}.${name}`);
  const icmp = member('icmp', readTimes);
  const arp = member('arp', readInterval);
  const snmp = member('snmp', readInterval);
  const echo_large = member('echo_large', (item, at) => ({
    ...readTimes(item, at),
    bytes: strict.integer(
      strict.object(item, at).bytes,
      `${at}.bytes`,
      ECHO_LARGE_BYTES_MIN,
      ECHO_LARGE_BYTES_MAX,
    ),
  }));
  const tcp = member('tcp', readChecks);
  const dns = member('dns', readChecks);
  const http = member('http', readChecks);
  return {
    ...(icmp && { icmp }),
    ...(arp && { arp }),
    ...(snmp && { snmp }),
    ...(echo_large && { echo_large }),
    ...(tcp && { tcp }),
    ...(dns && { dns }),
    ...(http && { http }),
  };
}

function readChecks(value: unknown, place: string): ProbeTimes[] {
  return strict
    .list(value, place, CHECKS_MAX)
    .map((item, check) => readTimes(item, `${place}[${check}]`));
}

function readInterval(value: unknown, place: string): { interval_ms: number } {
  const probe = strict.object(value, place);
  const interval_ms = strict.integer(probe.interval_ms, `${place}.interval_ms`);
  if (!INTERVALS_MS.has(interval_ms)) strict.fail(`${place}.interval_ms`, 'is not in the grid');
  return { interval_ms };
}

function readTimes(value: unknown, place: string): ProbeTimes {
  const { interval_ms } = readInterval(value, place);
  const { timeout_ms } = strict.object(value, place);
  const max = interval_ms - TIMEOUT_MARGIN_MS;
  const at = `${place}.timeout_ms`;
  return { interval_ms, timeout_ms: strict.integer(timeout_ms, at, TIMEOUT_MS_MIN, max) };
}

/** The private part, parsed from JSON; its records are read by parseTargetRecord. */
export function parsePrivateTargets(value: unknown): PrivateTargets {
  const root = strict.object(value, 'private');
  strict.integer(root.v, 'private.v', 1, 1);
  const records = strict.list(root.records, 'private.records', TARGETS_MAX).map((item, index) => {
    const place = `private.records[${index}]`;
    const record = strict.object(item, place);
    if (typeof record.record !== 'string' || record.record.length > RECORD_CHARS_MAX) {
      return strict.fail(`${place}.record`, `is no text of at most ${RECORD_CHARS_MAX} characters`);
    }
    const salt = strict.base64(record.salt, `${place}.salt`, SALT_BYTES);
    return { salt, record: record.record };
  });
  return { v: 1, version: strict.integer(root.version, 'private.version', 1, COUNT_MAX), records };
}

/** Base64 SHA-256(salt ‖ UTF-8 of the record text). `salt` is base64 of 16 bytes. */
export function commitment(crypto: Crypto, salt: string, record: string): string {
  return toBase64(crypto.sha256(concat(fromBase64(salt), utf8(record))));
}

/**
 * Holds every private record against the commitment in the signed list. Throws LanProofError
 * TARGETS_COMMITMENT; `place` is the target's code, or `private` if count or version differ.
 */
export function checkCommitments(crypto: Crypto, list: TargetList, priv: PrivateTargets): void {
  if (priv.version !== list.version || priv.records.length !== list.targets.length) {
    throw unbound('private', 'belongs to another list');
  }
  for (const [index, target] of list.targets.entries()) {
    const record: PrivateRecord | undefined = priv.records[index];
    if (
      record === undefined ||
      commitment(crypto, record.salt, record.record) !== target.commitment
    ) {
      throw unbound(target.code, 'is not what the document key signed');
    }
  }
}

function unbound(place: string, what: string): LanProofError {
  return new LanProofError('TARGETS_COMMITMENT', `${place} ${what}`, {
    hint: 'keep the list in force; the collector or someone between altered addresses',
    place,
  });
}
