import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadAgentConfig } from '../../agent/config.ts';
import { describeError, LanProofError } from '../../shared/errors.ts';
import { ConfigError } from '../../shared/node/config-error.ts';

const dir = mkdtempSync(join(tmpdir(), 'lanproof-agent-'));
after(() => rmSync(dir, { recursive: true }));
const load = (text: string, env: Record<string, string> = {}) => {
  writeFileSync(join(dir, 'agent.yml'), text);
  return loadAgentConfig(join(dir, 'agent.yml'), env);
};

test('the example loads', () => {
  const config = loadAgentConfig('deploy/examples/agent.yml', {});
  assert.deepEqual(config.collectors, ['https://lanproof.example.vn']);
  assert.deepEqual(config.allow, ['10.77.0.0/24']);
});

test('one line is enough; the rest has defaults', () => {
  const config = load('collector: https://c.example/');
  assert.deepEqual(config, {
    collectors: ['https://c.example'],
    state_dir: '/var/lib/lanproof-agent',
    secrets_dir: '/etc/lanproof/secrets',
    proxy: undefined,
    insecure: false,
    allow: undefined,
    max_packets_per_s: 200,
    icmp: { engine: 'auto' },
    metrics: undefined,
    spool: { bytes_max: 536_870_912 },
    log: { level: 'info' },
  });
  assert.ok(Object.isFrozen(config));
});

test('relative folders start at the file; listeners are split; several collectors', () => {
  const config = load(
    'collector: [https://a.example, "http://127.0.0.1:8080"]\nstate_dir: state\n' +
      'metrics: { listen: "[::1]:9100" }\ntraps: { listen: off }\n',
  );
  assert.equal(config.state_dir, join(dir, 'state'));
  assert.deepEqual(config.collectors, ['https://a.example', 'http://127.0.0.1:8080']);
  assert.deepEqual(config.metrics, { host: '::1', port: 9_100 });
});

test('plain http beyond loopback needs insecure: true', () => {
  assert.equal(load('collector: http://10.0.0.1\ninsecure: true').insecure, true);
  for (const host of ['10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
    assert.throws(() => load(`collector: http://${host}`), /CONFIG_INSECURE/, host);
  }
});

test('a proxy with a password comes from a file of mode 0600, by key or environment', () => {
  const path = join(dir, 'proxy');
  writeFileSync(path, 'http://u:hunter2@proxy:3128\n', { mode: 0o600 });
  const expected = 'http://u:hunter2@proxy:3128';
  assert.equal(load('collector: https://c.example\nproxy_file: proxy').proxy, expected);
  assert.equal(load('collector: https://c.example', { LANPROOF_PROXY_FILE: path }).proxy, expected);
  writeFileSync(path, 'hunter2');
  for (const text of ['proxy_file: proxy', 'proxy: http://u:hunter2@proxy']) {
    assert.throws(
      () => load(`collector: https://c.example\n${text}`),
      (error) => error instanceof LanProofError && !describeError(error).includes('hunter2'),
    );
  }
  assert.throws(
    () => load('collector: https://c.example\nproxy: http://p:1\nproxy_file: proxy'),
    /CONFIG_CONFLICT/,
  );
});

test('allowing the whole Internet is refused', () => {
  for (const all of ['0.0.0.0/0', '::/0']) {
    assert.throws(() => load(`collector: https://c.example\nallow: ["${all}"]`), /ALLOW_ENTRY/);
  }
});

test('receiving traps comes later: it is refused, never silently ignored', () => {
  assert.throws(
    () => load('collector: https://c.example\ntraps: { listen: 0.0.0.0:162 }'),
    /agent\.yml:2:18: CONFIG_NOT_YET.*\(traps\.listen\)/,
  );
});

test('a mistake of form hides no mistake of meaning, and has no false consequences', () => {
  const text = [
    'collector: [http://10.0.0.1, https://c.example]',
    'allow: [10.0.0.0/33, 10.0.0.0/8]',
    'max_packets_per_s: 0',
    'proxy: http://p:1',
    'proxy_file: p',
    'insecur: true',
    'traps: { listen: 127.0.0.1:162 }',
  ].join('\n');
  assert.deepEqual(codesOf(text), [
    'CONFIG_RANGE',
    'CONFIG_UNKNOWN_KEY',
    'CONFIG_INSECURE',
    'ALLOW_ENTRY',
    'CONFIG_CONFLICT',
    'CONFIG_NOT_YET',
  ]);
  const unclear = 'collector: http://10.0.0.1\ninsecure: maybe';
  assert.deepEqual(codesOf(unclear), ['CONFIG_TYPE']);
});

function codesOf(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ code }) => code);
  }
  return assert.fail('nothing was thrown');
}
