import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import Type from 'typebox';
import { ConfigError } from '../../../shared/node/config-error.ts';
import { checkValue, jsonSchema, loadYaml, parseYaml } from '../../../shared/node/yaml-file.ts';
import { CONFIG_BYTES_MAX } from '../../../shared/node/yaml-text.ts';

const closed = { additionalProperties: false } as const;
const Schema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 10 }),
    count: Type.Integer({ minimum: 1, maximum: 9, default: 3 }),
    deep: Type.Object({ on: Type.Boolean({ default: false }) }, { ...closed, default: {} }),
    list: Type.Optional(Type.Array(Type.Enum([1, 2, 5]), { maxItems: 3 })),
    token: Type.Optional(Type.String({ pattern: '^x' })),
  },
  closed,
);
const parse = (source: string | Uint8Array) =>
  parseYaml(source, 'f.yml', Schema, { title: 'test' }).value;

function problemsOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return assert.fail('nothing was thrown');
}
const codes = (run: () => unknown) => problemsOf(run).map((p) => `${p.code} ${p.place}`);

test('defaults are filled in and the result is frozen to its depth', () => {
  const value = parse('name: a');
  assert.deepEqual(value, { name: 'a', count: 3, deep: { on: false } });
  assert.ok(Object.isFrozen(value) && Object.isFrozen(value.deep));
  assert.equal(parse('name: a\ndeep: { on: true }').deep.on, true);
});

test('BOM and CRLF are accepted, UTF-16 and broken UTF-8 are refused with the fix', () => {
  assert.equal(parse(Buffer.from('\uFEFFname: "ệ"\r\ncount: 4\r\n')).name, 'ệ');
  for (const bytes of [
    Buffer.from('\uFEFFname: a', 'utf16le'),
    Buffer.from('name: a', 'utf16le'),
    Buffer.from('\uFEFFname: a', 'utf16le').swap16(),
    Buffer.from('name: a', 'utf16le').swap16(),
    Buffer.from([0x6e, 0x61, 0xff, 0xfd]),
  ]) {
    const [problem] = problemsOf(() => parse(bytes));
    assert.equal(problem?.code, 'CONFIG_ENCODING');
    assert.match(problem?.fix ?? '', /UTF-8/);
  }
});

test('places after a BOM and CRLF are still line and column of the text', () => {
  const source = Buffer.from('\uFEFFname: a\r\ncuont: 1\r\n');
  assert.deepEqual(
    codes(() => parse(source)),
    ['CONFIG_UNKNOWN_KEY f.yml:2:1'],
  );
});

test('all problems are collected, and the message shows twenty of them', () => {
  assert.deepEqual(
    codes(() => parse('nmae: a\ncount: 12\ndeep: 1\nlist: [1, 7]\n')),
    [
      'CONFIG_UNKNOWN_KEY f.yml:1:1',
      'CONFIG_RANGE f.yml:2:8',
      'CONFIG_TYPE f.yml:3:7',
      'CONFIG_RANGE f.yml:4:11',
      'CONFIG_MISSING f.yml:1:1',
    ],
  );
  const many = Array.from({ length: 30 }, (_, i) => `zz${i}: 1`).join('\n');
  assert.throws(() => parse(`name: a\n${many}`), /30 problems(.|\n)*… and 10 more/);
});

test('a value that may be a secret is never repeated', () => {
  const [problem] = problemsOf(() => parse('name: a\ntoken: hunter2'));
  assert.equal(problem?.code, 'CONFIG_RANGE');
  assert.ok(!JSON.stringify(problem).includes('hunter2'));
});

test('a file beyond the size limit is not parsed', () => {
  const large = Buffer.alloc(CONFIG_BYTES_MAX + 1, '#');
  assert.deepEqual(
    codes(() => parse(large)),
    ['CONFIG_TOO_LARGE f.yml:1:1'],
  );
});

test('deep nesting is refused, not crashed upon', () => {
  const deep = `list: ${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  assert.ok(codes(() => parse(deep)).every((code) => code.startsWith('CONFIG_TOO_DEEP')));
});

test('dangerous key names are ordinary unknown keys', () => {
  const found = codes(() => parse('name: a\n__proto__: { count: 1 }\nconstructor: 1'));
  assert.deepEqual(found, ['CONFIG_UNKNOWN_KEY f.yml:2:1', 'CONFIG_UNKNOWN_KEY f.yml:3:1']);
});

test('a few aliases are fine', () => {
  const value = parse('name: a\nlist: [&x 1, *x, *x]');
  assert.deepEqual(value.list, [1, 1, 1]);
});

test('a missing file says where to find an example', () => {
  const [problem] = problemsOf(() => loadYaml('/nonexistent/x.yml', Schema, { title: 't' }));
  assert.equal(problem?.code, 'CONFIG_UNREADABLE');
  assert.match(problem?.fix ?? '', /deploy\/examples/);
});

test('the JSON Schema text is JSON with descriptions and defaults', () => {
  const schema: unknown = JSON.parse(jsonSchema(Schema, 'test'));
  assert.ok(typeof schema === 'object' && schema !== null && 'properties' in schema);
});

test('property: any JSON value is accepted or refused by a ConfigError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (raw) => {
      try {
        checkValue(Schema, raw, { title: 'test' });
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        assert.ok(error.problems.length > 0);
      }
    }),
    { numRuns: 300 },
  );
});

test('property: any text is accepted or refused by a ConfigError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      try {
        parse(`name: ${text}`);
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});
