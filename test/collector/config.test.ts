import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadCollectorConfig } from '../../collector/config.ts';
import { describeError } from '../../shared/errors.ts';
import { ConfigError } from '../../shared/node/config-error.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-collector-'));
after(() => rmSync(dir, { recursive: true }));
const load = (text: string) => {
  writeFileSync(join(dir, 'collector.yml'), text);
  return loadCollectorConfig(join(dir, 'collector.yml'));
};

test('the example loads', () => {
  const config = loadCollectorConfig('deploy/examples/collector.yml');
  assert.deepEqual(config.listen, { host: '0.0.0.0', port: 8_443 });
  assert.deepEqual(config.warnings, []);
});

test('an empty map has every default', () => {
  assert.deepEqual(load('{}'), {
    listen: { host: '127.0.0.1', port: 8_080 },
    data_dir: join(dir, 'data'),
    public_url: undefined,
    tls: false,
    trust_proxy: false,
    retention: { bodies_months: 36, endpoints_days: 180 },
    timezone: 'Asia/Ho_Chi_Minh',
    anchors: { rfc3161: [], witnesses: [] },
    log: { level: 'info' },
    warnings: [],
  });
});

test('TLS is self-signed by default beyond loopback; plain http there is a warning', () => {
  assert.equal(load('listen: 0.0.0.0:8443').tls, 'self-signed');
  assert.equal(load('listen: "[::1]:8443"').tls, false);
  const plain = load('listen: 0.0.0.0:80\ntls: false');
  assert.deepEqual(
    plain.warnings.map((w) => w.code),
    ['CONFIG_INSECURE'],
  );
  const files = load('tls: { cert: c.pem, key: /k.pem }').tls;
  assert.deepEqual(files, { cert: join(dir, 'c.pem'), key: '/k.pem' });
});

test('what comes later is refused and never silently ignored; empty keys ask for nothing', () => {
  assert.ok(load('mail:\nwebhooks: []\nanchors: {}'));
  assert.throws(
    () => load('mail: { host: x }\ntelegram: { token: hunter2 }\nwebhooks: [1]\ndatabase: x'),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map((p) => p.code),
        Array(4).fill('CONFIG_NOT_YET'),
      );
      assert.ok(!error.message.includes('hunter2'));
      return true;
    },
  );
});

test('short retention is a warning; proxies are networks', () => {
  const short = load('retention: { bodies_months: 12 }');
  assert.deepEqual(
    short.warnings.map((w) => w.code),
    ['CONFIG_RETENTION_SHORT'],
  );
  assert.deepEqual(load('trust_proxy: [10.0.0.5]').trust_proxy, ['10.0.0.5']);
  assert.throws(() => load('trust_proxy: [10.0.0.500]'), /trust_proxy\[0\]|no network/);
});

test('a mistake of form hides no mistake of meaning', () => {
  const text =
    'listen: nowhere\ntimezon: x\ntimezone: Hanoi\ndatabase: x\nretention: { bodies_months: 1 }';
  assert.throws(
    () => load(text),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ code, place }) => `${code} ${place.split('yml')[1]}`),
        [
          'CONFIG_RANGE :1:9',
          'CONFIG_UNKNOWN_KEY :2:1',
          'CONFIG_NOT_YET :4:11',
          'CONFIG_RANGE :3:11',
        ],
      );
      const said = describeError(error);
      const fixes = [...said.matchAll(/fix: (.*)/g)].map(([, fix]) => fix);
      assert.equal(fixes.length, new Set(fixes).size, 'no fix is said twice');
      return true;
    },
  );
});

test('the public address is https beyond this machine', () => {
  assert.equal(load('public_url: https://lan.vn/').public_url, 'https://lan.vn');
  assert.equal(load('public_url: http://127.0.0.1:8080').public_url, 'http://127.0.0.1:8080');
  for (const url of ['http://lan.vn', 'http://localhost.lan.vn', 'ftp://lan.vn', 'https://[x']) {
    assert.throws(() => load(`public_url: "${url}"`), /public_url/, url);
  }
});
