/** What nobody needs a key for: files that are made to end or to hang the verifier. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32, gunzipSync } from 'node:zlib';
import { fromUtf8, toBase64, utf8 } from '../../../../shared/bytes.ts';
import {
  DOCUMENTS_NAME,
  FIGURES_NAME,
  MANIFEST_NAME,
} from '../../../../shared/evidence/bundle/names.ts';
import { documentHash, documentType } from '../../../../shared/evidence/documents.ts';
import { serializeEnvelope } from '../../../../shared/evidence/dsse.ts';
import type { FindingCode } from '../../../../shared/evidence/verify/codes.ts';
import { payloadBytes } from '../../../../shared/evidence/verify/payload.ts';
import { FINDINGS_MAX } from '../../../../shared/evidence/verify/recorder.ts';
import { TIME_MS_MAX } from '../../../../shared/measure/strict.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';
import {
  edit,
  editBatches,
  editLines,
  type Parts,
  putTogether,
  takeApart,
} from '../../../support/tamper.ts';
import { findings, told, verified, verifiedAnyhow } from '../../../support/verify-kit.ts';

const LEAVES = 'logs/1/leaves.txt';
const crypto = createNodeCrypto();
const kept: { readonly gzip_of_zip: string } = JSON.parse(
  readFileSync(new URL('../../../fixtures/vectors/bundle.json', import.meta.url), 'utf8'),
);
const bundle = new Uint8Array(gunzipSync(Buffer.from(kept.gzip_of_zip, 'base64')));
const NOBODY = new Uint8Array(64);
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Nesting that JSON can read and nothing that recurses can write. */
const DEEP = '['.repeat(200_000) + ']'.repeat(200_000);

/** Puts a document in the place of the kept bundle's hole, under a signature of nobody. */
function putDocument(parts: Parts, kind: 'rotate' | 'hole', payload: string): void {
  const { signer } = generateSigner();
  const text = serializeEnvelope({
    payloadType: documentType(kind),
    payload: toBase64(utf8(payload)),
    signatures: [{ keyid: 'x', sig: toBase64(signer.sign(utf8(payload))) }],
  });
  const hash = toBase64(documentHash(crypto, text));
  const line = `9 ${kind} socson-hq do-1 1 ${kind === 'hole' ? 4 : 0} ${hash} 1795395780500`;
  editLines(parts, LEAVES, (lines) => lines.map((one) => (one.startsWith('9 ') ? line : one)));
  const document = JSON.stringify({ log: 1, leaf: 9, text });
  edit(parts, DOCUMENTS_NAME, (all) => all.replace(/^\{"log":1,"leaf":9,.*$/m, () => document));
}

/** Figures with this at their end; what stands twice is read as it stands last. */
const addFigures = (member: string) => (parts: Parts) =>
  edit(parts, FIGURES_NAME, (text) => text.replace(/\}$/, `,${member}}`));
const leftOut = (item: string) => addFigures(`"not_recomputable":[${item}]`);

/** Moves the end of the period and of what is known; the manifest's signature is nobody's then. */
const endAt = (end_ms: (from_ms: number) => number) => (parts: Parts) =>
  edit(parts, MANIFEST_NAME, (envelope) => {
    const statement = JSON.parse(fromUtf8(payloadBytes(envelope)));
    const { predicate } = statement;
    const to_ms = end_ms(predicate.from_ms);
    Object.assign(predicate, { to_ms, end_ms: to_ms, as_of: { ...predicate.as_of, to_ms } });
    const payload = toBase64(utf8(JSON.stringify(statement)));
    return JSON.stringify({ ...JSON.parse(envelope), payload });
  });

interface Hostile {
  readonly what: string;
  readonly change: (parts: Parts) => void;
  readonly code: FindingCode;
  readonly problem?: string;
}

const received = (recv_ms: number) => (parts: Parts) =>
  edit(parts, LEAVES, (text) => text.replace('1795395960500', String(recv_ms)));

const HOSTILE: readonly Hostile[] = [
  {
    what: 'a time of receipt that no calendar has',
    change: received(Number.MAX_SAFE_INTEGER),
    ...{ code: 'FILE_FORMAT', problem: 'BUNDLE_FORMAT' },
  },
  {
    what: 'a time of receipt one ms behind the year 9999',
    change: received(TIME_MS_MAX + 1),
    ...{ code: 'FILE_FORMAT', problem: 'BUNDLE_FORMAT' },
  },
  {
    what: 'the last time of receipt that can be read',
    change: received(TIME_MS_MAX),
    code: 'DAILY_DATE',
  },
  ...['"!"', '7', '{"toString":0}', DEEP].map(
    (key): Hostile => ({
      what: `a rotation with keys of ${key.slice(0, 20)}`,
      change: (parts) => putDocument(parts, 'rotate', `{"old_key":${key},"new_key":${key}}`),
      ...{ code: 'KEY_DOCUMENT', problem: 'ROTATION_CHAIN' },
    }),
  ),
  ...['{"toString":0}', DEEP, 'null', '4'].map(
    (value): Hostile => ({
      what: `a hole whose members are ${value.slice(0, 20)}`,
      change: (parts) =>
        putDocument(parts, 'hole', `{"agent":${value},"epoch":${value},"from_seq":${value}}`),
      ...{ code: 'DOCUMENT_SIGNATURE', problem: 'DSSE_SIGNATURE' },
    }),
  ),
  {
    what: 'figures of a device whose code is an object',
    change: (parts) =>
      edit(parts, FIGURES_NAME, (text) => text.replace('"device":"gw"', '"device":{"toString":0}')),
    code: 'FIGURES_DIFFER',
  },
  ...['{"what":{"toString":0},"code":"x"}', '{"what":"incidents","code":{"toString":0}}'].map(
    (item): Hostile => ({
      what: `figures without ${item}`,
      change: leftOut(item),
      code: 'FIGURES_DIFFER',
    }),
  ),
  {
    what: 'figures nested without end',
    change: addFigures(`"not_recomputable":{"a":${DEEP}}`),
    ...{ code: 'FIGURES_FORMAT', problem: 'DEPTH' },
  },
  ...[1, 10, 100].map(
    (years): Hostile => ({
      what: `a period of ${years} years and 36 days`,
      change: endAt((from_ms) => from_ms + years * YEAR_MS + 36 * DAY_MS),
      ...{ code: 'MANIFEST_FORMAT', problem: 'BUNDLE_FORMAT' },
    }),
  ),
  {
    what: 'a period without end',
    change: endAt(() => Math.floor(Number.MAX_SAFE_INTEGER / 60_000) * 60_000),
    ...{ code: 'MANIFEST_FORMAT', problem: 'BUNDLE_FORMAT' },
  },
  {
    what: 'the longest period, under a signature of nobody',
    change: endAt((from_ms) => from_ms + 400 * DAY_MS),
    ...{ code: 'MANIFEST_SIGNATURE', problem: 'DSSE_SIGNATURE' },
  },
  {
    what: 'a proof longer than its leaves need',
    change: (parts) => void parts.set('logs/1/inclusion.bin', new Uint8Array(64 * 1024 * 1024)),
    code: 'INCLUSION_FALSE',
  },
];

for (const { what, change, code, problem } of HOSTILE) {
  test(`${what} is ${code}`, async () => {
    const parts = await takeApart(bundle);
    change(parts);
    const verdict = await verified(putTogether(parts));
    assert.equal(verdict.outcome, 'fail');
    const problems = findings(verdict, code).map(({ detail }) => detail.problem);
    assert.ok(problems.length > 0, told(verdict).join('\n'));
    if (problem !== undefined) assert.ok(problems.includes(problem), told(verdict).join('\n'));
  });
}

test('what names nothing takes nothing out of the comparison', async () => {
  for (const what of ['[]', '[""]', '["hours"]', '{}']) {
    const parts = await takeApart(bundle);
    edit(parts, FIGURES_NAME, (text) => text.replace('"rules":', '"rules":9'));
    leftOut(`{"what":${what},"code":"rules"},{"what":"","code":"rules"}`)(parts);
    const places = findings(await verified(putTogether(parts)), 'FIGURES_DIFFER');
    assert.ok(
      places.some(({ place }) => place === 'rules'),
      what,
    );
  }
});

test('records that no leaf lists cost no more for each leaf of a document', async () => {
  const records = 40_000;
  const prev = toBase64(new Uint8Array(32));
  const origin = { v: 1, site: 'socson-hq', agent: 'do-1', epoch: 1, seq: 1 };
  const header = utf8(JSON.stringify({ ...origin, prev, sections: [] }));
  /** CPU time of as many records behind so many notes, in seconds. */
  const seconds = async (notes: number): Promise<number> => {
    const parts = await takeApart(bundle);
    edit(parts, LEAVES, (text) => {
      const [, open = '', ...others] = text.trimEnd().split('\n');
      const note = `note socson-hq - 0 0 ${prev} 1795395600000`;
      const lines = [
        open,
        ...Array.from({ length: notes }, () => `0 ${note}`),
        ...others.slice(-1),
      ];
      const placed = lines.map((line, at) => `${line.replace(/^\d+/, String(at))}\n`);
      return text.replace(/ 13\n.*$/s, () => ` ${lines.length}\n${placed.join('')}`);
    });
    editBatches(parts, () => {
      return Array.from({ length: records }, () => ({ header, signature: NOBODY, sections: [] }));
    });
    const file = putTogether(parts);
    const before = process.cpuUsage();
    const { checks } = await verified(file, { crc32 });
    const { user } = process.cpuUsage(before);
    const { more = 0 } = checks.find(({ id }) => id === 'completeness') ?? {};
    assert.ok(more >= records - FINDINGS_MAX, 'each record was looked for');
    return user / 1e6;
  };
  const [few, many] = [await seconds(1), await seconds(records)];
  // A look at each note for each record made it ten times as long.
  assert.ok(many < 5 * few, `${few} s and ${many} s`);
});

test('what was not foreseen is a verdict; what others throw is theirs', async () => {
  const thrower = (error: Error) => ({
    onProgress: () => {
      throw error;
    },
  });
  for (const error of [new TypeError('x'), new RangeError('x'), new SyntaxError('x')]) {
    const verdict = await verifiedAnyhow(bundle, thrower(error));
    assert.equal(verdict.outcome, 'fail');
    assert.equal(findings(verdict, 'UNFORESEEN')[0]?.detail.problem, `${error.name}: x`);
    await assert.rejects(verified(bundle, thrower(error)), /unforeseen/);
  }
  await assert.rejects(verifiedAnyhow(bundle, thrower(new Error('stopped'))), /stopped/);
});
