import { resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { parseCosignerKey } from '../shared/evidence/cosignature.ts';
import { closed } from '../shared/node/config-schema.ts';
import { createNodeCrypto } from '../shared/node/crypto.ts';
import type { Path } from '../shared/problem.ts';
import type { AnchorsConfig } from './ledger/anchors/types.ts';

/** More outside parties than anybody asks; each adds a leaf a day. */
const SOURCES_MAX = 8;
/** Divisors of a day, so that the hours are the same ones every day. */
const EVERY_HOURS = [1, 2, 3, 4, 6, 8, 12, 24] as const;

const name = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,38}$',
  'x-form': 'lower-case letters, digits and hyphens',
  description: 'Stands in the ledger and in metrics; unique among all anchors.',
});
const url = (what: string) =>
  Type.String({
    pattern: '^https?://[^\\s/@?#]+(/[^\\s#]*)?$',
    'x-form': 'https://host/path; http is enough, as the answer is signed',
    description: what,
  });

const AuthoritySchema = Type.Object(
  {
    name,
    url: url('Address of the time-stamp authority.'),
    ca_file: Type.String({
      minLength: 1,
      description: 'PEM file of its root certificate. Relative paths start at this file.',
    }),
    at: Type.Optional(
      Type.String({
        pattern: '^([01]\\d|2[0-3]):[0-5]\\d$',
        'x-form': '"HH:MM", in quotes',
        description: 'Local time of the day. Default: a minute of its own after 02:00.',
      }),
    ),
  },
  closed,
);
const WitnessSchema = Type.Object(
  {
    name,
    url: url('Where `lanproof witness` or another C2SP witness listens.'),
    key: Type.String({
      minLength: 1,
      'x-form': 'the line that `lanproof witness` prints at its start',
      description: 'Verifier key of the witness.',
    }),
    every_hours: Type.Enum([...EVERY_HOURS], {
      default: 24,
      'x-form': EVERY_HOURS.join(', '),
      description: 'Hours between two cosignatures; each is a leaf that bundles carry.',
    }),
  },
  closed,
);

/** `anchors` of collector.yml. */
export const AnchorsSchema = Type.Object(
  {
    rfc3161: Type.Array(AuthoritySchema, {
      default: [],
      maxItems: SOURCES_MAX,
      description: 'Time-stamp authorities (RFC 3161) that stamp a checkpoint every day.',
    }),
    witnesses: Type.Array(WitnessSchema, {
      default: [],
      maxItems: SOURCES_MAX,
      description: 'Witnesses (C2SP tlog-witness) that sign only what continues what they saw.',
    }),
  },
  { ...closed, default: {}, description: 'Proofs from outside that a checkpoint existed.' },
);

type AnchorsFile = Static<typeof AnchorsSchema>;

/** Paths made absolute from the folder of the file. */
export function anchorsConfig({ rfc3161, witnesses }: AnchorsFile, base: string): AnchorsConfig {
  return {
    rfc3161: rfc3161.map(({ at, ca_file, ...rest }) => {
      return { ...rest, ca_file: resolve(base, ca_file), at };
    }),
    witnesses,
  };
}

/** What the schema cannot say: names once, and keys that are keys. */
export function checkAnchors(
  anchors: AnchorsFile | undefined,
  error: (at: Path, message: string, fix: string) => void,
): void {
  const names = new Set<string>();
  const once = (list: string, index: number, found: string) => {
    if (names.has(found)) {
      error(['anchors', list, index, 'name'], 'this name stands twice', 'give each its own name');
    }
    names.add(found);
  };
  for (const [index, one] of (anchors?.rfc3161 ?? []).entries()) once('rfc3161', index, one.name);
  for (const [index, one] of (anchors?.witnesses ?? []).entries()) {
    once('witnesses', index, one.name);
    try {
      parseCosignerKey(createNodeCrypto(), one.key);
    } catch {
      const at = ['anchors', 'witnesses', index, 'key'];
      error(at, 'this is no verifier key', 'copy the line that the witness printed at its start');
    }
  }
}
