import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import test from 'node:test';

const ROOT = join(import.meta.dirname, '..');
/** Spellings: `import … from 'x'`, `export … from 'x'`, `import('x')` and `import 'x'`. */
const IMPORT = new RegExp(
  [
    String.raw`(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]`,
    String.raw`import\(\s*['"]([^'"]+)['"]\s*\)`,
    String.raw`(?:^|\n)\s*import\s*['"]([^'"]+)['"]`,
  ].join('|'),
  'g',
);

interface Arrow {
  readonly file: string;
  readonly to: string;
}

function arrows(): Arrow[] {
  const files = globSync('{agent,collector,shared,deploy}/**/*.{ts,tsx,mjs}', { cwd: ROOT });
  return files
    .filter((file) => !file.includes('/dist/'))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map((match) => {
        const name = match[1] ?? match[2] ?? match[3] ?? '';
        const to = name.startsWith('.')
          ? relative(ROOT, normalize(join(ROOT, dirname(file), name)))
          : name;
        return { file, to };
      }),
    );
}

/** May a file of room `from` import `to`? Only the rooms of this repository are judged here. */
function allowed({ file, to }: Arrow): boolean {
  const from = file.split('/')[0];
  const room = to.split('/')[0];
  const isLocal = ['agent', 'collector', 'shared', 'deploy', 'test'].includes(room ?? '');
  switch (from) {
    case 'shared':
      if (isLocal)
        return (
          room === 'shared' && (file.startsWith('shared/node/') || !to.startsWith('shared/node/'))
        );
      return file.startsWith('shared/node/') || !to.startsWith('node:');
    case 'agent':
    case 'collector':
      return !isLocal || room === from || room === 'shared';
    case 'deploy':
      return room !== 'test';
    default:
      return false;
  }
}

/** api → inventory/report/judge/ledger → store: nothing below may import what is above it. */
const COLLECTOR_LAYERS: Readonly<Record<string, number>> = {
  store: 0,
  ledger: 1,
  judge: 2,
  ingest: 3,
  inventory: 3,
  report: 3,
  series: 3,
  live: 3,
  auth: 3,
  metrics: 4,
  papers: 4,
  rebuild: 4,
  api: 5,
};

test('imports run one way between the rooms', () => {
  const found = arrows();
  assert.ok(found.length > 50, 'the scan found the imports');
  assert.deepEqual(
    found.filter((arrow) => !allowed(arrow)),
    [],
  );
});

test('inside the collector nothing imports a higher layer', () => {
  const layer = (path: string) => COLLECTOR_LAYERS[path.split('/')[1] ?? ''];
  const wrong = arrows().filter(({ file, to }) => {
    if (!file.startsWith('collector/') || !to.startsWith('collector/')) return false;
    const from = layer(file);
    const target = layer(to);
    return from !== undefined && target !== undefined && target > from;
  });
  assert.deepEqual(wrong, []);
});

test('only collector/store speaks SQL, and only the platform knows the operating system', () => {
  const sql = arrows().filter(
    ({ file, to }) => to === 'better-sqlite3' && !/^(collector\/store\/|agent\/spool)/.test(file),
  );
  assert.deepEqual(sql, []);
});

test('the browser code imports no Node module', () => {
  const wrong = arrows().filter(
    ({ file, to }) =>
      file.startsWith('collector/web/') && !file.endsWith('build.mjs') && to.startsWith('node:'),
  );
  assert.deepEqual(wrong, []);
});
