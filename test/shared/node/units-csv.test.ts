import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../../../shared/node/config-error.ts';
import { parseCsv } from '../../../shared/node/csv.ts';
import { parseUnitsCsv } from '../../../shared/node/units-csv.ts';

const HEADER = 'unit_code,unit_name,parent,site_code,site_name,contact_name,contact_phone,agents';
function codes(source: string | Uint8Array): string[] {
  try {
    parseUnitsCsv(source, 'u.csv');
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map((p) => `${p.code} ${p.place}`);
  }
  return [];
}

test('the example is read', () => {
  const rows = parseUnitsCsv(readFileSync('deploy/examples/units.csv'), 'units.csv');
  assert.deepEqual(rows[1], {
    line: 3,
    unit: { code: 'xa-soc-son', name: 'UBND xã Sóc Sơn', parent: 'ha-noi' },
    site: { code: 'socson-hq', name: 'Trụ sở UBND xã Sóc Sơn' },
    contact: { name: 'Nguyễn Văn A', phone: '024 0000 0000' },
    agents: ['do-1', 'do-2'],
  });
});

test('BOM, CRLF, semicolons, other column order and left-out columns are fine', () => {
  const text = '\uFEFFsite_code;site_name;unit_code;unit_name\r\ns;"S; ""1""";u;U\r\n\r\n';
  const [row] = parseUnitsCsv(Buffer.from(text), 'u.csv');
  assert.deepEqual(row?.site, { code: 's', name: 'S; "1"' });
  assert.deepEqual(row?.agents, ['do-1']);
});

test('every wrong line is named and nothing is returned', () => {
  assert.deepEqual(codes(''), ['UNITS_EMPTY u.csv:1']);
  assert.deepEqual(codes('unit_code,unit_nmae,site_code,site_name\n'), [
    'UNITS_UNKNOWN_COLUMN u.csv:1',
    'UNITS_MISSING_COLUMN u.csv:1',
  ]);
  const lines = [
    HEADER,
    'u1,U,,a/b,S,,,',
    'u1,U,,s,,,,',
    'u1,V,,s,S,,,',
    'u1,U,,s3,S',
    'p,P,q,s4,S,,,do-1 do-1',
    'q,Q,p,s5,S,,,',
  ];
  assert.deepEqual(codes(lines.join('\n')), [
    'UNITS_CODE u.csv:2',
    'UNITS_EMPTY_CELL u.csv:3',
    'UNITS_CELLS u.csv:5',
    'UNITS_AGENTS u.csv:6',
    'UNITS_DUPLICATE_SITE u.csv:4',
    'UNITS_UNIT_DIFFERS u.csv:4',
    'UNITS_CYCLE u.csv:6',
  ]);
  assert.deepEqual(codes(`${HEADER}\n"u,U\n`), ['CSV_QUOTES u.csv:2']);
  assert.deepEqual(codes(Buffer.from(HEADER, 'utf16le')), ['CSV_ENCODING u.csv:1']);
});

test('lines are counted through quoted line breaks', () => {
  const rows = parseCsv('a,b\n"1\n2",3\n4,5', 'x.csv');
  assert.deepEqual(
    rows.map((row) => row.line),
    [1, 2, 4],
  );
});

test('property: what is written by RFC 4180 is read back', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', ' ', 'ệ') });
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 2 }), { maxLength: 8 });
  fc.assert(
    fc.property(table, fc.constantFrom(',', ';'), (body, separator) => {
      const quoted = body.map((row) => row.map((c) => `"${c.replaceAll('"', '""')}"`));
      const text = [['h1', 'h2'], ...quoted].map((row) => row.join(separator)).join('\r\n');
      const read = parseCsv(text, 'x.csv').map((row) => row.cells);
      assert.deepEqual(read, [['h1', 'h2'], ...body]);
    }),
  );
});
