import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { toBase64, utf8 } from '../../../../shared/bytes.ts';
import { LanProofError } from '../../../../shared/errors.ts';
import { decodeBatches, encodeBatch } from '../../../../shared/evidence/bundle/batches.ts';
import { formatDaily, parseDaily } from '../../../../shared/evidence/bundle/daily.ts';
import { formatDocuments, parseDocuments } from '../../../../shared/evidence/bundle/documents.ts';
import { formatLeaves, parseLeaves } from '../../../../shared/evidence/bundle/leaves.ts';
import { encodeStatement, parseStatement } from '../../../../shared/evidence/bundle/manifest.ts';
import { formatPolicy, parsePolicy } from '../../../../shared/evidence/bundle/policy.ts';
import {
  formatConsistency,
  formatInclusion,
  parseConsistency,
  parseInclusion,
} from '../../../../shared/evidence/bundle/proofs.ts';
import type {
  BundleBatch,
  BundleDay,
  BundleLeaf,
  BundleManifest,
} from '../../../../shared/evidence/bundle/types.ts';
import { TIME_MS_MAX } from '../../../../shared/measure/strict.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';

const crypto = createNodeCrypto();
const HEAD = { origin: 'lan.example.vn/0a1b2c3d/log-1', size: 500 };
/** Records as readers make them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const at = fc.integer({ min: 0, max: HEAD.size - 1 });
const code = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);

/** The error of a reader, with its place. */
function refused(read: () => unknown): LanProofError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof LanProofError, String(error));
    assert.equal(error.code, 'BUNDLE_FORMAT');
    return error;
  }
  return assert.fail('it was accepted');
}

/** Whatever byte of the text is changed: refused, or read as something else. */
function everyChangeShows<T>(text: string, read: (text: string) => T): void {
  const plain = read(text);
  for (let at = 0; at < text.length; at++) {
    for (const other of ['0', ' ', '\n', 'a', 'Z', '']) {
      if (other === text.charAt(at)) continue;
      const changed = text.slice(0, at) + other + text.slice(at + 1);
      let found: T;
      try {
        found = read(changed);
      } catch (error) {
        assert.ok(error instanceof LanProofError && error.code === 'BUNDLE_FORMAT', String(error));
        continue;
      }
      assert.notDeepEqual(found, plain, `byte ${at} as ${JSON.stringify(other)}`);
    }
  }
}

const leaf = record({
  log: fc.constant(3),
  leaf: at,
  kind: fc.constantFrom('batch', 'enrol', 'note', 'day'),
  site: code,
  agent: code,
  epoch: fc.integer({ min: 1, max: 9 }),
  seq: fc.integer({ min: 1 }),
  hash,
  recv_ms: fc.integer({ min: 0, max: TIME_MS_MAX }),
}) satisfies fc.Arbitrary<BundleLeaf>;
const leaves = fc
  .uniqueArray(leaf, { selector: (one) => one.leaf, maxLength: 20 })
  .map((list) => list.sort((a, b) => a.leaf - b.leaf));

test('leaves read back as they were written', () => {
  fc.assert(
    fc.property(leaves, (list) => {
      assert.deepEqual(parseLeaves(formatLeaves(HEAD, list), 3), { ...HEAD, leaves: list });
    }),
  );
});

test('no byte of a line of leaves can change unseen', () => {
  const [one, two] = [7, 9].map((leaf): BundleLeaf => {
    const rest = { kind: 'batch', site: 'a', agent: 'do-1', epoch: 1, seq: leaf } as const;
    return { log: 1, leaf, ...rest, hash: new Uint8Array(32).fill(leaf), recv_ms: 1_000 };
  });
  assert.ok(one !== undefined && two !== undefined);
  everyChangeShows(formatLeaves(HEAD, [one, two]), (text) => parseLeaves(text, 1));
  const twice = formatLeaves(HEAD, [two, one]);
  assert.equal(refused(() => parseLeaves(twice, 1)).place, 'logs/1/leaves.txt:3');
  const beyond = formatLeaves(HEAD, [{ ...one, leaf: HEAD.size }]);
  assert.equal(refused(() => parseLeaves(beyond, 1)).place, 'logs/1/leaves.txt:2');
});

test('proofs read back as they were written, in ascending order only', () => {
  const proofs = fc
    .uniqueArray(record({ at, hashes: fc.array(hash, { maxLength: 5 }) }), {
      selector: (one) => one.at,
      maxLength: 10,
    })
    .map((list) => list.sort((a, b) => a.at - b.at));
  fc.assert(
    fc.property(proofs, (list) => {
      const flat = list.flatMap(({ hashes }) => hashes);
      const read = parseInclusion(formatInclusion(flat));
      assert.deepEqual(
        Array.from({ length: read.length + 1 }, (_, index) => read.at(index)),
        [...flat, undefined],
      );
      const older = list.map((one) => ({ ...one, at: one.at + 1 }));
      assert.deepEqual(parseConsistency(formatConsistency(HEAD, older)), {
        ...HEAD,
        proofs: older,
      });
    }),
  );
  everyChangeShows(
    formatConsistency(HEAD, [{ at: 3, hashes: [new Uint8Array(32)] }]),
    parseConsistency,
  );
  refused(() => parseInclusion(new Uint8Array(33)));
  refused(() => parseConsistency(formatConsistency(HEAD, [{ at: HEAD.size + 1, hashes: [] }])));
  refused(() => parseConsistency(formatConsistency(HEAD, [{ at: 0, hashes: [] }])));
});

test('daily counts follow each other and add up to the size', () => {
  const day = (day: string, first: number, leaves: number): BundleDay => {
    return { day, first, leaves, site_batches: 1, site_documents: 2 };
  };
  const days = [day('2026-02-28', 0, 400), day('2026-03-01', 400, 100)];
  assert.deepEqual(parseDaily(formatDaily(HEAD, days)), { ...HEAD, days });
  everyChangeShows(formatDaily(HEAD, days), parseDaily);
  for (const wrong of [
    [day('2026-02-28', 0, 400)],
    [day('2026-02-28', 0, 400), day('2026-02-28', 400, 100)],
    [day('2026-02-28', 0, 400), day('2026-03-01', 401, 99)],
    [day('2026-02-30', 0, 500)],
    [{ ...day('2026-02-28', 0, 500), site_batches: 499 }],
  ]) {
    refused(() => parseDaily(formatDaily(HEAD, wrong)));
  }
});

test('documents read back in leaf order, whatever their texts hold', () => {
  const one = record({
    log: fc.integer({ min: 1, max: 2 }),
    leaf: at,
    text: fc.option(fc.string({ minLength: 1, unit: 'binary' }), { nil: null }),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(one, {
        selector: ({ log, leaf }) => log * 1_000 + leaf,
        minLength: 1,
        maxLength: 6,
      }),
      (list) => {
        const sorted = list.sort((a, b) => a.log - b.log || a.leaf - b.leaf);
        assert.deepEqual(parseDocuments(formatDocuments(sorted)), sorted);
        if (sorted.length < 2) return;
        refused(() => parseDocuments(formatDocuments(sorted.toReversed())));
      },
    ),
  );
  everyChangeShows(formatDocuments([{ log: 1, leaf: 2, text: '{"a":1}' }]), parseDocuments);
  refused(() => parseDocuments('{"log":1,"leaf":2,"text":"a","more":1}\n'));
  refused(() => parseDocuments('{"leaf":2,"log":1,"text":"a"}\n'));
  refused(() => parseDocuments('{"log":1,"leaf":2,"text":"\\u0061"}\n'));
});

test('batches read back, withheld sections as null; a cut file is refused with its byte', () => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 60 });
  const batch: fc.Arbitrary<BundleBatch> = record({
    header: part,
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    sections: fc.array(fc.option(part, { nil: null }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 4 }), (list) => {
      const bytes = Buffer.concat(list.map(encodeBatch));
      const plain = (found: Iterable<BundleBatch>) =>
        [...found].map(({ header, signature, sections }) =>
          [header, signature, ...sections].map((one) => one && toBase64(one)),
        );
      assert.deepEqual(plain(decodeBatches(bytes)), plain(list));
      const cut = bytes.subarray(0, bytes.length - 1);
      assert.match(refused(() => [...decodeBatches(cut, 'b.bin')]).place ?? '', /^b\.bin: byte /);
    }),
  );
  const empty = { header: utf8('h'), signature: new Uint8Array(64), sections: [new Uint8Array()] };
  refused(() => encodeBatch(empty));
});

const MANIFEST: BundleManifest = {
  ...{ v: 1, site: 'socson-hq', from_ms: 60_000, to_ms: 120_000, masked: false, rules: 1 },
  as_of: { log: HEAD.origin, size: HEAD.size, to_ms: 120_000, at_ms: 120_001 },
  ...{ begin: { log: 1, leaf: 3 }, begin_ms: 0, end_ms: 120_000, software: '1.0.0' },
  agents: [
    { agent: 'do-1', epoch: 1, before_seq: 0, before_hash: null },
    { agent: 'do-2', epoch: 2, before_seq: 7, before_hash: toBase64(new Uint8Array(32)) },
  ],
};
const SUBJECTS = [
  { name: 'batches/2026-11-23.bin', sha256: 'a'.repeat(64) },
  { name: 'policy.txt', sha256: 'b'.repeat(64) },
];

test('a statement reads back; what the writer does not write is refused', () => {
  const payload = encodeStatement({ subjects: SUBJECTS, manifest: MANIFEST });
  const read = (text: string) => parseStatement(utf8(text));
  const text = new TextDecoder().decode(payload);
  assert.deepEqual(read(text), { subjects: SUBJECTS, manifest: MANIFEST });
  everyChangeShows(text, read);
  refused(() => read(` ${text}`));
  refused(() => read(text.replace('"v":1', '"v":1,"v":1')));
  refused(() => read(text.replace('"masked":false', '"masked":false,"more":1')));
  const write = (manifest: Partial<BundleManifest>, subjects = SUBJECTS) =>
    encodeStatement({ subjects, manifest: { ...MANIFEST, ...manifest } });
  refused(() => write({ to_ms: 60_000 }));
  refused(() => write({ from_ms: 60_001 }));
  refused(() => write({ begin_ms: 1 }));
  refused(() => write({ agents: MANIFEST.agents.toReversed() }));
  refused(() => write({}, SUBJECTS.toReversed()));
  refused(() => write({}, [...SUBJECTS, ...SUBJECTS]));
  refused(() => write({}, [{ name: 'manifest.dsse.json', sha256: 'a'.repeat(64) }]));
  refused(() => write({}, [{ name: '../etc/passwd', sha256: 'a'.repeat(64) }]));
});

test('a policy reads back with and without witnesses; comments may stand anywhere', () => {
  const key = (name: string) => ({ name, publicKey: generateSigner().signer.publicKey });
  const logs = [key('a/log-1'), key('a/log-2')];
  const witnesses = ['w1', 'w2'].map((name) => ({ name, key: key(`${name}.example.vn`) }));
  const alone = { logs, witnesses: [], quorum: 'none' } as const;
  const both = { logs, witnesses, quorum: 'any' } as const;
  assert.deepEqual(parsePolicy(crypto, formatPolicy(crypto, alone)), alone);
  const text = formatPolicy(crypto, both);
  assert.deepEqual(parsePolicy(crypto, text), both);
  assert.match(text, /\ngroup any any w1 w2\nquorum any\n$/);
  assert.deepEqual(parsePolicy(crypto, `# one\n${text.replaceAll('\n', '\n# more\n')}`), both);
  everyChangeShows(formatPolicy(crypto, alone), (changed) => {
    const { logs, ...rest } = parsePolicy(crypto, changed);
    return { ...rest, logs: logs.map(({ name, publicKey }) => [name, toBase64(publicKey)]) };
  });
  refused(() => parsePolicy(crypto, text.replace('quorum any', 'quorum none')));
  refused(() => parsePolicy(crypto, text.replace('quorum any\n', '')));
  refused(() => parsePolicy(crypto, `${text}quorum any\n`));
  refused(() => parsePolicy(crypto, text.replace('any w1 w2', 'any w1')));
  refused(() => formatPolicy(crypto, { ...alone, logs: [] }));
  refused(() => formatPolicy(crypto, { ...alone, quorum: 'any' }));
});
