import { Type } from 'typebox';
import { CODE_PATTERN } from '../../shared/measure/inventory-defaults.ts';
import { REPORT_STATES } from '../report/issue/types.ts';
import { Changed, line, Place } from './papers-schemas.ts';
import { AsOfBody, Ms, NullableMs, NullableTime, PAGE_ITEMS_MAX, Time } from './schemas.ts';

/** Formats of contracts §1; those that are not made yet are answered with 501. */
export const KNOWN_FORMATS = ['bundle', 'json', 'pdf', 'docx', 'xlsx', 'csv'] as const;

const ID_PATTERN = '^[0-9a-z][0-9a-z-]{0,63}$';
const FILE_PATTERN = '^[a-z0-9][a-z0-9._-]{0,199}$';
const SHA256_PATTERN = '^[0-9a-f]{64}$';

export const ReportParams = Type.Object({ id: Type.String({ pattern: ID_PATTERN }) });
export const ReportFileParams = Type.Object({
  id: Type.String({ pattern: ID_PATTERN }),
  file: Type.String({ pattern: FILE_PATTERN }),
});

export const ReportInput = Type.Object(
  {
    site: Type.String({ pattern: CODE_PATTERN }),
    from: Type.String({
      maxLength: 40,
      description: 'local date YYYY-MM-DD, or RFC 3339 (a whole minute)',
    }),
    to: Type.String({
      maxLength: 40,
      description: 'local date, that day included; or RFC 3339, that minute not included',
    }),
    formats: Type.Array(Type.Enum([...KNOWN_FORMATS]), { minItems: 1, maxItems: 6 }),
    masked: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'leave out results of computers, addresses and notes',
      }),
    ),
  },
  { additionalProperties: false },
);

export const ReportsQuery = Type.Object(
  {
    site: Type.Optional(Type.String({ pattern: CODE_PATTERN })),
    after: Type.Optional(Type.String({ pattern: ID_PATTERN })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_ITEMS_MAX })),
    format: Type.Optional(Type.Enum(['json', 'csv'])),
  },
  { additionalProperties: false },
);

export const SignedInput = Type.Object(
  {
    name: line('name of the signed file'),
    bytes: Type.Integer({ minimum: 1, description: 'its length' }),
    sha256: Type.String({ pattern: SHA256_PATTERN, description: 'its SHA-256, 64 hex digits' }),
    number: line('number of the letter (so)'),
    date: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'its date (ngay)' }),
  },
  { additionalProperties: false },
);

export const SignedAnswer = Type.Object({
  report: Type.String(),
  changed: Changed,
  ...Place.properties,
});

const Nullable = <T extends Parameters<typeof Type.Array>[0]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const ReportItem = Type.Object({
  id: Type.String(),
  site: Type.String(),
  from_ms: Ms,
  from: Time,
  to_ms: Ms,
  to: Time,
  masked: Type.Boolean(),
  formats: Type.Array(Type.String()),
  author: Type.String(),
  requested_ms: Ms,
  requested: Time,
  state: Type.Enum([...REPORT_STATES], {
    description: 'one report is made at a time; the others wait',
  }),
  progress: Nullable(
    Type.Object({
      step: Type.String({ description: 'batches, figures, proofs or zip' }),
      percent: Type.Number({ description: 'of the whole, 0 to 100' }),
    }),
  ),
  finished_ms: NullableMs,
  finished: NullableTime,
  error: Nullable(
    Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() }),
  ),
  as_of: Nullable(AsOfBody),
  files: Type.Array(
    Type.Object({
      name: Type.String(),
      bytes: Type.Integer(),
      sha256: Type.String({ description: 'hex' }),
      url: Type.String(),
    }),
    { description: 'each hash stands in the report leaf' },
  ),
  proofs: Type.Array(Type.Object({ name: Type.String(), url: Type.String() }), {
    description: 'report.dsse.json is the document of the leaf, receipt.tlog-proof proves it',
  }),
  leaf: Nullable(
    Type.Object({
      log: Type.String({ description: 'origin of the log' }),
      leaf: Type.Integer(),
      hash: Type.String({ description: 'document hash, base64' }),
    }),
  ),
  agrees_with_dashboard: Nullable(Type.Boolean()),
  files_deleted_ms: NullableMs,
});
