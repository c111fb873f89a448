import { concat, fromBase64, toBase64, utf8 } from '../bytes.ts';
import { LanProofError } from '../errors.ts';
import type { Crypto } from '../evidence/crypto.ts';
import { SALT_BYTES, TARGETS_MAX } from './batch.ts';
import { DEVICE_KINDS, INTERVALS_S, REACHABILITIES } from './codes.ts';
import { COUNT_MAX, Strict, TIME_MS_MAX, TOKEN } from './strict.ts';
import type {
  PrivateRecord,
  PrivateTargets,
  PublicProbes,
  PublicTarget,
  TargetList,
} from './targets.ts';

/** 2,000 targets with links and commitments are below 1 MB. */
export const TARGET_LIST_BYTES_MAX = 4 * 1024 * 1024;
/** JSON text of one private record. */
export const RECORD_CHARS_MAX = 4_096;
const HASH_BYTES = 32;
const INTERVALS_MS: ReadonlySet<number> = new Set(INTERVALS_S.map((s) => s * 1_000));
/** contracts: 50 ms ≤ timeout ≤ interval − 100 ms, so that a verdict falls before the next tick. */
export const TIMEOUT_MS_MIN = 50;
export const TIMEOUT_MARGIN_MS = 100;
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
    commitment: strict.base64(target.commitment, `${place}.commitment`, HASH_BYTES),
  };
}

function readLink(link: Record<string, unknown>, place: string): { device: string; port?: string } {
  const device = strict.assetCode(link.device, `${place}.device`);
  if (link.port === undefined) return { device };
  return { device, port: strict.text(link.port, `${place}.port`, PORT) };
}

function readProbes(value: unknown, place: string): PublicProbes {
  const probes = strict.object(value, place);
  const interval = (name: string) => {
    const probe = strict.object(probes[name], `${place}.${name}`);
    const interval_ms = strict.integer(probe.interval_ms, `${place}.${name}.interval_ms`);
    if (!INTERVALS_MS.has(interval_ms)) {
      strict.fail(`${place}.${name}.interval_ms`, 'is not in the grid');
    }
    return { probe, interval_ms };
  };
  let icmp: PublicProbes['icmp'];
  if (probes.icmp !== undefined) {
    const { probe, interval_ms } = interval('icmp');
    const max = interval_ms - TIMEOUT_MARGIN_MS;
    const at = `${place}.icmp.timeout_ms`;
    icmp = { interval_ms, timeout_ms: strict.integer(probe.timeout_ms, at, TIMEOUT_MS_MIN, max) };
  }
  return {
    ...(icmp === undefined ? {} : { icmp }),
    ...(probes.arp === undefined ? {} : { arp: { interval_ms: interval('arp').interval_ms } }),
    ...(probes.snmp === undefined ? {} : { snmp: { interval_ms: interval('snmp').interval_ms } }),
  };
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
