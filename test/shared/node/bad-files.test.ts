import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadAgentConfig } from '../../../agent/config.ts';
import { loadCollectorConfig } from '../../../collector/config.ts';
import { ConfigError } from '../../../shared/node/config-error.ts';
import { loadInventory } from '../../../shared/node/inventory-file.ts';

const FOLDER = 'test/fixtures/bad';
const LOADERS: Readonly<Record<string, (path: string) => unknown>> = {
  agent: (path) => loadAgentConfig(path, {}),
  collector: (path) => loadCollectorConfig(path),
  inventory: (path) => loadInventory(path),
};

// Each file says in its first line what is expected: kind, code, line:column | part of the fix.
for (const name of readdirSync(FOLDER).sort()) {
  test(`bad file ${name} is refused with code, place and fix`, () => {
    const path = `${FOLDER}/${name}`;
    const first = readFileSync(path, 'utf8').split(/\r?\n/)[0] ?? '';
    const parts = /^# (\w+) (\w+) ([\d:]+) \| (.+)$/.exec(first);
    assert.ok(parts, 'the first line says what is expected');
    const [, kind = '', code, place, fix = ''] = parts;
    const load = LOADERS[kind];
    assert.ok(load);
    assert.throws(
      () => load(path),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.code, 'CONFIG_INVALID');
        const found = error.problems.find((problem) => problem.code === code);
        assert.ok(found, error.message);
        assert.ok(found.place.startsWith(`${path}:${place}`), `${found.place}, not ${place}`);
        assert.ok(found.fix.includes(fix), `${found.fix}, not ${fix}`);
        assert.ok(error.message.includes(found.place) && error.message.includes(found.fix));
        assert.ok(!error.message.includes('hunter2') && !error.message.includes('shadow'));
        return true;
      },
    );
  });
}
