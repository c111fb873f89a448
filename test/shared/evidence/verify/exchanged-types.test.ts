/** Any member of any file as a value of another type: a verdict, in bounded time, and no pass. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { fromBase64, fromUtf8, toBase64, utf8 } from '../../../../shared/bytes.ts';
import {
  DOCUMENTS_NAME,
  FIGURES_NAME,
  MANIFEST_NAME,
} from '../../../../shared/evidence/bundle/names.ts';
import { batchHash } from '../../../../shared/evidence/chain.ts';
import { documentHash } from '../../../../shared/evidence/documents.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';
import {
  edit,
  editBatches,
  type Parts,
  putTogether,
  takeApart,
  textOf,
} from '../../../support/tamper.ts';
import { told, verified } from '../../../support/verify-kit.ts';

const LEAVES = 'logs/1/leaves.txt';
/** More than ten times what the slowest of them takes. */
const SECONDS_MAX = 10;
const crypto = createNodeCrypto();
const kept: { readonly gzip_of_zip: string } = JSON.parse(
  readFileSync(new URL('../../../fixtures/vectors/bundle.json', import.meta.url), 'utf8'),
);
const bundle = new Uint8Array(gunzipSync(Buffer.from(kept.gzip_of_zip, 'base64')));

/** JSON in the place of a value; no text of it is a keyid or a code. */
const ODD = [
  ...['{}', '{"toString":0,"valueOf":0}', '{"__proto__":null}', '[]', '[null]', '[[""]]', '""'],
  ...['"\\u202e x"', '"- 1"', 'null', 'true', '-1', '0.5', '1e308', '9007199254740991'],
  ...['253402300800000', `${'['.repeat(25_000)}${']'.repeat(25_000)}`],
  `${'{"a":'.repeat(10_000)}0${'}'.repeat(10_000)}`,
];
const MARK = '@odd@';

/** The JSON text with its nth member (over all levels, and again from the first) exchanged. */
function exchanged(json: string, nth: number, odd: string): string {
  const root = { it: JSON.parse(json) };
  const places: [holder: object, name: string][] = [];
  const walk = (holder: object): void => {
    for (const [name, value] of Object.entries(holder)) {
      places.push([holder, name]);
      if (typeof value === 'object' && value !== null) walk(value);
    }
  };
  walk(root);
  const [holder, name] = places[nth % places.length] ?? [root, 'it'];
  const same = JSON.stringify(new Map(Object.entries(holder)).get(name)) === odd;
  Object.assign(holder, { [name]: MARK });
  return JSON.stringify(root.it).replace(`"${MARK}"`, () => (same ? '7.5' : odd));
}

/** An envelope around the exchanged payload, or the exchanged envelope. */
function exchangedEnvelope(envelope: string, nth: number, odd: string): string {
  if (nth % 4 === 0) return exchanged(envelope, nth / 4, odd);
  const parsed = JSON.parse(envelope);
  const payload = utf8(exchanged(fromUtf8(fromBase64(parsed.payload)), nth, odd));
  return JSON.stringify({ ...parsed, payload: toBase64(payload) });
}

type Exchange = (parts: Parts, nth: number, odd: string) => void;

const lineOf = (text: string, nth: number): string => {
  const lines = text.trimEnd().split('\n');
  return lines[nth % lines.length] ?? '';
};

/** The leaf follows, where the document has a hash at all: it is then read as far as it can be. */
const document: Exchange = (parts, nth, odd) => {
  const line = lineOf(textOf(parts, DOCUMENTS_NAME), Math.floor(nth / 7));
  const { text, ...place } = JSON.parse(line);
  const changed = exchangedEnvelope(text, nth, odd);
  edit(parts, DOCUMENTS_NAME, (all) =>
    all.replace(line, () => JSON.stringify({ ...place, text: changed })),
  );
  try {
    const [before, after] = [text, changed].map((one) => toBase64(documentHash(crypto, one)));
    parts.set(LEAVES, utf8(textOf(parts, LEAVES).replace(before ?? '', () => after ?? '')));
  } catch {
    // An envelope that cannot be read.
  }
};

const header: Exchange = (parts, nth, odd) => {
  let leaves = textOf(parts, LEAVES);
  editBatches(parts, (batches) =>
    batches.map((batch, at) => {
      if (at !== Math.floor(nth / 7) % batches.length) return batch;
      const changed = utf8(exchanged(fromUtf8(batch.header), nth, odd));
      const [before, after] = [batch.header, changed].map((one) =>
        toBase64(batchHash(crypto, one)),
      );
      leaves = leaves.replace(before ?? '', () => after ?? '');
      return { ...batch, header: changed };
    }),
  );
  parts.set(LEAVES, utf8(leaves));
};

/** A word of a line of text. */
const word =
  (name: string): Exchange =>
  (parts, nth, odd) => {
    const words = textOf(parts, name).split(/([ \n])/);
    const at = (2 * nth) % words.length;
    parts.set(name, utf8(words.with(at, odd === words[at] ? 'x' : odd).join('')));
  };

const EXCHANGES: readonly Exchange[] = [
  ...[document, document, document, header, header],
  (parts, nth, odd) => edit(parts, MANIFEST_NAME, (text) => exchangedEnvelope(text, nth, odd)),
  (parts, nth, odd) => edit(parts, FIGURES_NAME, (text) => exchanged(text, nth, odd)),
  (parts, nth, odd) => edit(parts, FIGURES_NAME, (text) => exchanged(text, nth % 30, odd)),
  (parts, nth, odd) =>
    edit(parts, DOCUMENTS_NAME, (text) => {
      const line = lineOf(text, nth);
      return text.replace(line, () => exchanged(line, nth, odd));
    }),
  ...['policy.txt', LEAVES, 'logs/1/checkpoint.txt', 'logs/1/consistency.txt'].map(word),
  word('logs/1/daily.txt'),
];

const exchange = fc.record({
  how: fc.nat(EXCHANGES.length - 1),
  nth: fc.nat(10_000),
  odd: fc.constantFrom(...ODD),
});

for (const [who, keys] of [
  ['nobody', crypto],
  // Every signature counts: readers see what stands behind it.
  ['the holder of every key', { ...crypto, verify: () => true }],
] as const) {
  test(`a member of another type, by ${who}, is a verdict that is no pass`, async () => {
    const numRuns = Number(process.env['LANPROOF_MUTATIONS'] ?? 100);
    await fc.assert(
      fc.asyncProperty(exchange, async ({ how, nth, odd }) => {
        const parts = await takeApart(bundle);
        EXCHANGES[how]?.(parts, nth, odd);
        const file = putTogether(parts);
        const before = process.cpuUsage();
        const verdict = await verified(file, { crypto: keys, crc32 });
        const { user } = process.cpuUsage(before);
        assert.ok(user < SECONDS_MAX * 1e6, `${user / 1e6} s`);
        assert.equal(verdict.checks.length, 15);
        if (keys === crypto) assert.equal(verdict.outcome, 'fail', told(verdict).join('\n'));
        else assert.notEqual(verdict.outcome, 'pass');
      }),
      { numRuns },
    );
  });
}
