import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadCollectorConfig } from '../../collector/config.ts';
import { encodeCosignerKey } from '../../shared/evidence/cosignature.ts';
import { encodeVerifierKey } from '../../shared/evidence/note.ts';
import { ConfigError } from '../../shared/node/config-error.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { testSigner } from '../fixtures/test-keys.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-anchors-'));
after(() => rmSync(dir, { recursive: true }));
const load = (text: string) => {
  writeFileSync(join(dir, 'collector.yml'), text);
  return loadCollectorConfig(join(dir, 'collector.yml'));
};
const crypto = createNodeCrypto();
const named = { name: 'w/1', publicKey: testSigner('stranger').publicKey };
const key = encodeCosignerKey(crypto, named);

test('authorities and witnesses are read, paths made absolute', () => {
  const { anchors } = load(`anchors:
  rfc3161:
    - { name: tsa, url: "http://tsa.example.vn/ts?x=1", ca_file: ca.pem, at: "23:05" }
    - { name: tsa-2, url: "https://tsa.example.vn", ca_file: /etc/ca.pem }
  witnesses: [{ name: so-tai-chinh, url: "https://w.example.vn/w/", key: "${key}" }]
`);
  assert.deepEqual(anchors, {
    rfc3161: [
      {
        name: 'tsa',
        url: 'http://tsa.example.vn/ts?x=1',
        ca_file: join(dir, 'ca.pem'),
        at: '23:05',
      },
      { name: 'tsa-2', url: 'https://tsa.example.vn', ca_file: '/etc/ca.pem', at: undefined },
    ],
    witnesses: [{ name: 'so-tai-chinh', url: 'https://w.example.vn/w/', key, every_hours: 24 }],
  });
});

test('every mistake is told with its place and the fix', () => {
  const log = encodeVerifierKey(crypto, named);
  const text = `anchors:
  rfc3161:
    - { name: a, url: "ftp://x", ca_file: ca.pem }
    - { name: b, url: "http://user:hunter2@x/", ca_file: ca.pem }
    - { name: c, url: "http://x/", ca_file: ca.pem, at: 7:05 }
    - { name: d, url: "http://x/" }
    - { name: e, uri: "http://x/", url: "http://x/", ca_file: c }
  witnesses:
    - { name: w, url: "http://x", key: "${log}" }
    - { name: w, url: "http://x", key: "${key}", every_hours: 5 }
    - { name: w, url: "http://x", key: "${key}" }
`;
  assert.throws(
    () => load(text),
    (error) => {
      assert.ok(error instanceof ConfigError);
      const places = error.problems.map(({ at }) => at.slice(1).join('.'));
      for (const place of [
        'rfc3161.0.url',
        'rfc3161.1.url',
        'rfc3161.2.at',
        'rfc3161.3',
        'rfc3161.4.uri',
        'witnesses.1.every_hours',
      ]) {
        assert.ok(places.includes(place), `${place} in ${places.join(' ')}`);
      }
      assert.ok(!error.message.includes('hunter2'));
      assert.ok(error.problems.every(({ fix }) => fix !== ''));
      return true;
    },
  );
});

test('names stand once; a key of another type is no key of a witness', () => {
  const log = encodeVerifierKey(crypto, named);
  assert.throws(
    () =>
      load(`anchors:
  rfc3161: [{ name: same, url: "http://x", ca_file: c }]
  witnesses:
    - { name: same, url: "http://x", key: "${key}" }
    - { name: other, url: "http://x", key: "${log}" }
`),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ at }) => at.join('.')),
        ['anchors.witnesses.0.name', 'anchors.witnesses.1.key'],
      );
      return true;
    },
  );
});
