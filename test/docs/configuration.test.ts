import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { AgentSchema } from '../../agent/config-schema.ts';
import { CollectorSchema } from '../../collector/config.ts';
import { InventorySchema } from '../../shared/node/inventory-schema.ts';
import type { SchemaNode } from '../../shared/node/schema-explain.ts';
import { UNITS_COLUMNS } from '../../shared/node/units-csv.ts';

const SCHEMAS: Readonly<Record<string, TSchema>> = {
  'agent.yml': AgentSchema,
  'collector.yml': CollectorSchema,
  'inventory.yml': InventorySchema,
};

function* keys(node: SchemaNode, path = ''): Generator<[string, SchemaNode]> {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const here = path === '' ? key : `${path}.${key}`;
    yield [here, child];
    yield* keys(child, here);
    for (const branch of child.anyOf ?? []) yield* keys(branch, here);
    if (child.items !== undefined) yield* keys(child.items, `${here}[]`);
  }
}

for (const page of ['docs/configuration.md', 'docs/configuration.vi.md']) {
  test(`${page} has a row for every key and column, with its default, and no others`, () => {
    const sections = readFileSync(page, 'utf8').split(/^## /m).slice(1);
    for (const [name, schema] of Object.entries(SCHEMAS)) {
      const section = sections.find((text) => text.startsWith(name)) ?? '';
      const rows = new Map(
        [...section.matchAll(/^\| `([^`]+)` \| .* \| (.*) \| [^|]+ \|$/gm)].map((m) => [
          m[1],
          m[2],
        ]),
      );
      const known = [...keys(schema as SchemaNode)];
      assert.deepEqual(
        [...rows.keys()],
        known.map(([key]) => key),
        name,
      );
      for (const [key, node] of known) {
        if (node.default === undefined || typeof node.default === 'object') continue;
        assert.equal(rows.get(key), String(node.default), key);
      }
    }
    const csv = sections.find((text) => text.startsWith('units.csv')) ?? '';
    const columns = [...csv.matchAll(/^\| `([^`]+)`/gm)].map((m) => m[1]);
    assert.deepEqual(columns, Object.keys(UNITS_COLUMNS));
  });
}

test('every key of every schema has a description', () => {
  for (const schema of Object.values(SCHEMAS)) {
    for (const [key, node] of keys(schema as SchemaNode)) assert.ok(node.description, key);
  }
});
