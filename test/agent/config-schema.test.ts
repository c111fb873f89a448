import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AgentSchema } from '../../agent/config-schema.ts';
import { checkPlain } from '../../shared/node/plain-schema.ts';
import type { SchemaNode } from '../../shared/node/schema-explain.ts';
import { checkValue } from '../../shared/node/yaml-file.ts';

const FILE = new URL('../../agent/agent.schema.json', import.meta.url);
const text = readFileSync(FILE, 'utf8');

test('agent.schema.json is what `lanproof config schema agent` says', () => {
  const { $schema: _, title: __, ...written } = JSON.parse(text) as Record<string, unknown>;
  assert.deepEqual(written, JSON.parse(JSON.stringify(AgentSchema)));
});

test('the plain check and TypeBox give the same values, and refuse the same files', () => {
  const schema = JSON.parse(text) as SchemaNode;
  const collector = 'https://lanproof.example.vn:8443';
  const good = [
    { collector },
    { collector: [collector, 'https://b.example.vn'], metrics: { listen: '127.0.0.1:9100' } },
    { collector, allow: ['10.0.0.0/8'], icmp: { engine: 'ping' }, log: { level: 'debug' } },
    { collector, insecure: true, spool: {}, icmp: {}, proxy: 'http://proxy.example.vn:3128' },
  ];
  for (const raw of good) {
    const plain = checkPlain(schema, raw, { title: 'agent' });
    assert.deepEqual(plain, checkValue(AgentSchema, raw, { title: 'agent' }));
  }
  const bad = [
    {},
    { collector: 1 },
    { collector, spool: { bytes_max: 1 } },
    { collector, alow: [] },
  ];
  for (const raw of bad) {
    assert.throws(() => checkPlain(schema, raw, { title: 'agent' }), { name: 'ConfigError' });
    assert.throws(() => checkValue(AgentSchema, raw, { title: 'agent' }));
  }
});
