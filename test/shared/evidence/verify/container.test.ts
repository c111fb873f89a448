/** A file that answers otherwise the second time, that ends the checks early, or that is long. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { concat, utf8 } from '../../../../shared/bytes.ts';
import { FIGURES_NAME, MANIFEST_NAME } from '../../../../shared/evidence/bundle/names.ts';
import {
  centralEntry,
  endRecord,
  layOut,
  localHeader,
} from '../../../../shared/evidence/bundle/zip-format.ts';
import {
  type ByteSource,
  bytesSource,
  openZip,
} from '../../../../shared/evidence/bundle/zip-reading.ts';
import { FILE_BYTES_MAX } from '../../../../shared/evidence/verify/container.ts';
import type { Hasher } from '../../../../shared/evidence/verify/types.ts';
import { edit, putTogether, takeApart } from '../../../support/tamper.ts';
import { findings, nodeSha256, told, verified } from '../../../support/verify-kit.ts';

const kept: { readonly gzip_of_zip: string } = JSON.parse(
  readFileSync(new URL('../../../fixtures/vectors/bundle.json', import.meta.url), 'utf8'),
);
const bundle = new Uint8Array(gunzipSync(Buffer.from(kept.gzip_of_zip, 'base64')));

for (const name of ['policy.txt', 'logs/1/daily.txt', MANIFEST_NAME, 'documents.ndjson']) {
  test(`${name} that reads otherwise the second time is another file`, async () => {
    const entry = (await openZip(bytesSource(bundle))).find((one) => one.name === name);
    assert.ok(entry !== undefined);
    const plain = bytesSource(bundle);
    let reads = 0;
    const source: ByteSource = {
      size: plain.size,
      async read(offset, length) {
        const bytes = await plain.read(offset, length);
        if (offset !== entry.offset || length !== entry.size) return bytes;
        reads += 1;
        if (reads === 1) return bytes;
        const other = bytes.slice();
        other[length - 2] = (other[length - 2] ?? 0) ^ 1;
        return other;
      },
    };
    const [found] = findings(await verified(bundle, { source }), 'FILE_DIGEST');
    assert.equal(found?.place, name);
  });
}

test('whatever ends the checks behind the last byte, the hash of the file is told', async () => {
  const whole = (await verified(bundle)).bundle_sha256;
  assert.match(whole ?? '', /^[0-9a-f]{64}$/);
  const missing = await takeApart(bundle);
  missing.delete('policy.txt');
  const broken = await takeApart(bundle);
  edit(broken, MANIFEST_NAME, (text) => text.slice(1));
  const latin = await takeApart(bundle);
  latin.set(MANIFEST_NAME, Uint8Array.of(0xff));
  for (const [parts, code] of [
    [missing, 'FILE_MISSING'],
    [broken, 'MANIFEST_FORMAT'],
    [latin, 'FILE_FORMAT'],
  ] as const) {
    const file = putTogether(parts);
    const hash = nodeSha256();
    hash.update(file);
    const verdict = await verified(file);
    assert.ok(findings(verdict, code).length > 0, told(verdict).join('\n'));
    assert.equal(verdict.bundle_sha256, Buffer.from(hash.digest()).toString('hex'));
  }
  assert.equal((await verified(utf8('no zip file'.repeat(9)))).bundle_sha256, null);
});

test('a file of FILE_BYTES_MAX is read, and no longer one', async () => {
  const parts = await takeApart(bundle);
  const long = [...parts.keys()].find((name) => name.startsWith('batches/')) ?? '';
  const zeros = new Uint8Array(FILE_BYTES_MAX + 1);
  // What 500 MiB hash to is not the question; other files are then not what they were, either.
  const unhashed = (): Hasher => ({ update: () => {}, digest: () => new Uint8Array(32) });
  for (const [size, code] of [
    [FILE_BYTES_MAX, 'FILE_FORMAT'],
    [FILE_BYTES_MAX + 1, 'FILE_TOO_LARGE'],
  ] as const) {
    const held = { createSha256: unhashed, crc32: () => 0 };
    const verdict = await verified(bundle, { ...held, source: sourceOf(parts, long, size, zeros) });
    const found = findings(verdict, code).map(({ place }) => place);
    assert.deepEqual(
      found.map((place) => place.split(':')[0]),
      [long],
      told(verdict).join('\n'),
    );
  }
});

/** The same bundle with zeros for one of its files, none of which is ever in one piece. */
function sourceOf(
  parts: ReadonlyMap<string, Uint8Array>,
  long: string,
  size: number,
  zeros: Uint8Array,
): ByteSource {
  const names = [...parts.keys()].sort();
  const dataOf = (name: string): Uint8Array =>
    name === long ? zeros.subarray(0, size) : (parts.get(name) ?? new Uint8Array());
  const { records, end } = layOut(
    names.map((name) => ({ name, size: dataOf(name).length, crc32: 0 })),
  );
  const pieces = records.flatMap((record) => [localHeader(record), dataOf(record.name)]);
  pieces.push(concat(...records.map(centralEntry), endRecord(end)));
  let at = 0;
  const placed = pieces.map((bytes) => {
    at += bytes.length;
    return { begin: at - bytes.length, end: at, bytes };
  });
  return {
    size: at,
    async read(offset, length) {
      const parts = placed
        .filter(({ begin, end }) => begin < offset + length && end > offset)
        .map(({ begin, bytes }) =>
          bytes.subarray(Math.max(0, offset - begin), offset + length - begin),
        );
      return parts.length === 1 ? (parts[0] ?? zeros) : concat(...parts);
    },
  };
}

for (const [levels, code] of [
  [31, 'FIGURES_DIFFER'],
  [32, 'FIGURES_FORMAT'],
] as const) {
  test(`${levels} levels of lists inside figures.json are ${code}`, async () => {
    const parts = await takeApart(bundle);
    const lists = '['.repeat(levels) + ']'.repeat(levels);
    edit(parts, FIGURES_NAME, (text) => text.replace(/\}$/, `,"more":${lists}}`));
    assert.ok(findings(await verified(putTogether(parts)), code).length > 0);
  });
}
