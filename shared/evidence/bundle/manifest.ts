/** manifest.dsse.json: an in-toto Statement v1 over the hash of every other file. */
import { equalBytes, fromBase64, fromUtf8, utf8 } from '../../bytes.ts';
import { TIME_MS_MAX } from '../../measure/strict.ts';
import { oddMember, type Shape } from '../document-shapes.ts';
import { bundleFormat } from './format-error.ts';
import { entryKind, MANIFEST_NAME } from './names.ts';
import {
  BUNDLE_ENTRIES_MAX,
  BUNDLE_PREDICATE,
  type BundleManifest,
  type BundleStatement,
  type BundleSubject,
  LOG_LEAVES_MAX,
  LOGS_MAX,
  PERIOD_MAX_MS,
  STATEMENT_TYPE,
} from './types.ts';

/** Longest origin and version text, in characters. */
export const TEXT_CHARS_MAX = 200;
/** Agents of one site that ever were: 16 at a time, with room for many replaced ones. */
export const AGENTS_MAX = 1_000;
const CODE = /^[a-z0-9][a-z0-9-]{0,62}$/;
const MINUTE_MS = 60_000;

/** The payload that is signed as STATEMENT_PAYLOAD. Throws BUNDLE_FORMAT on unfit values. */
export function encodeStatement({ subjects, manifest }: BundleStatement): Uint8Array {
  const { v, site, from_ms, to_ms, masked, as_of, rules, begin, begin_ms, end_ms } = manifest;
  const statement = {
    _type: STATEMENT_TYPE,
    subject: subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: BUNDLE_PREDICATE,
    predicate: {
      ...{ v, site, from_ms, to_ms, masked },
      as_of: { log: as_of.log, size: as_of.size, to_ms: as_of.to_ms, at_ms: as_of.at_ms },
      rules,
      begin: begin === null ? null : { log: begin.log, leaf: begin.leaf },
      ...{ begin_ms, end_ms },
      agents: manifest.agents.map(({ agent, epoch, before_seq, before_hash }) => ({
        ...{ agent, epoch, before_seq, before_hash },
      })),
      software: manifest.software,
    },
  };
  const odd = oddStatement(statement);
  if (odd !== undefined) throw unfit(odd);
  return utf8(JSON.stringify(statement));
}

/** Reads what {@link encodeStatement} writes and nothing else. Throws BUNDLE_FORMAT. */
export function parseStatement(payload: Uint8Array): BundleStatement {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(payload));
  } catch (cause) {
    throw bundleFormat(MANIFEST_NAME, 'the statement is not JSON', cause);
  }
  const odd = oddStatement(value);
  if (odd !== undefined || !isStatement(value)) throw unfit(odd ?? '');
  const statement: BundleStatement = {
    subjects: value.subject.map(({ name, digest }) => ({ name, sha256: digest.sha256 })),
    manifest: value.predicate,
  };
  if (!equalBytes(encodeStatement(statement), payload)) {
    throw bundleFormat(MANIFEST_NAME, 'another spelling of the statement');
  }
  return statement;
}

interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: Digest }[];
  readonly predicate: BundleManifest;
}
type Digest = { readonly sha256: string };

/** The member that is unfit; undefined: none is. */
function oddStatement(value: unknown): string | undefined {
  const odd = oddMember(value, STATEMENT);
  if (odd !== 'predicate') return odd;
  const { predicate } = Object.assign({ predicate: undefined }, value);
  return `predicate/${oddMember(predicate, MANIFEST) ?? 'from_ms'}`;
}

function isStatement(value: unknown): value is Statement {
  return oddStatement(value) === undefined;
}

const count = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const ordinal = (value: unknown): boolean => count(value) && Number(value) >= 1;
const time = (value: unknown): boolean => count(value) && Number(value) <= TIME_MS_MAX;
const minute = (value: unknown): boolean => time(value) && Number(value) % MINUTE_MS === 0;
const text = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.length <= TEXT_CHARS_MAX;
const code = (value: unknown): boolean => typeof value === 'string' && CODE.test(value);

const SUBJECT: Shape = {
  name: (value) =>
    typeof value === 'string' && value !== MANIFEST_NAME && entryKind(value) !== null,
  digest: (value) => fits(value, DIGEST),
};
const DIGEST: Shape = {
  sha256: (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
};
const AS_OF: Shape = { log: text, size: ordinal, to_ms: time, at_ms: time };
const BEGIN: Shape = {
  log: (value) => ordinal(value) && Number(value) <= LOGS_MAX,
  leaf: (value) => count(value) && Number(value) < LOG_LEAVES_MAX,
};
const AGENT: Shape = {
  agent: code,
  epoch: ordinal,
  before_seq: count,
  before_hash: (value) => value === null || isHash(value),
};
const MANIFEST: Shape = {
  v: (value) => value === 1,
  site: code,
  from_ms: minute,
  to_ms: minute,
  masked: (value) => typeof value === 'boolean',
  as_of: (value) => fits(value, AS_OF),
  rules: ordinal,
  begin: (value) => value === null || fits(value, BEGIN),
  begin_ms: minute,
  end_ms: time,
  agents: (value) => Array.isArray(value) && value.length <= AGENTS_MAX && areAgents(value),
  software: text,
};
const STATEMENT: Shape = {
  _type: (value) => value === STATEMENT_TYPE,
  subject: (value) =>
    Array.isArray(value) && value.length <= BUNDLE_ENTRIES_MAX && areSubjects(value),
  predicateType: (value) => value === BUNDLE_PREDICATE,
  predicate: (value) => {
    if (!fits(value, MANIFEST)) return false;
    const { from_ms, to_ms } = Object.assign({ from_ms: 0, to_ms: 0 }, value);
    return from_ms < to_ms && to_ms - from_ms <= PERIOD_MAX_MS;
  },
};

/** Sorted by name, each name once: ASCII, so that the order of bytes is that of the text. */
function areSubjects(list: readonly unknown[]): boolean {
  let last = '';
  return list.every((item) => {
    if (!fits(item, SUBJECT)) return false;
    const { name } = Object.assign({ name: '' }, item) satisfies Partial<BundleSubject>;
    const ascends = name > last;
    last = name;
    return ascends;
  });
}

/** By agent, each once; a hash stands exactly where there is a batch before. */
function areAgents(list: readonly unknown[]): boolean {
  let last = '';
  return list.every((item) => {
    if (!fits(item, AGENT)) return false;
    const { agent, before_seq, before_hash } = Object.assign(
      { agent: '', before_seq: 0, before_hash: null },
      item,
    );
    const ascends = agent > last;
    last = agent;
    return ascends && (before_seq === 0) === (before_hash === null);
  });
}

function isHash(value: unknown): boolean {
  try {
    return typeof value === 'string' && fromBase64(value).length === 32;
  } catch {
    return false;
  }
}

function fits(value: unknown, shape: Shape): boolean {
  return oddMember(value, shape) === undefined;
}

function unfit(member: string): Error {
  return bundleFormat(MANIFEST_NAME, `unfit member ${member === '' ? 'of the statement' : member}`);
}
