import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { START_FLAGS } from '../support/programs.ts';
import { BUDGETS, type Budget } from './budgets.ts';
import { signatureCheckUs } from './machine-speed.ts';

/**
 * `npm run bench [NAME …]`: each bench runs in a process of its own, prints figure, budget and
 * verdict, and the table goes to docs/benchmarks.md. Exit 1 on a miss.
 */

const ROOT = join(import.meta.dirname, '../..');
const RESULTS = join(ROOT, 'docs/benchmarks.json');
const TABLE = join(ROOT, 'docs/benchmarks.md');

interface Result {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
  /** Why it could not run here. */
  readonly skipped?: string;
  /** What was measured, where it differs from the budget's wording. */
  readonly note?: string;
  /** What an Ed25519 check took just before and just after, µs. */
  readonly check_us?: readonly [number, number];
}

type Results = Record<string, Result>;

function runOne(file: string): Result {
  const before_us = signatureCheckUs();
  // What runs inside of a bench runs as in the programs: their flags decide what memory costs.
  const args = [...START_FLAGS, join(import.meta.dirname, 'one.ts'), file];
  const child = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const line = child.stdout.split('\n').findLast((text) => text.startsWith('@'));
  if (line === undefined) throw new Error(`${file} printed no result (exit ${child.status})`);
  const result = JSON.parse(line.slice(1)) as Result;
  return { ...result, check_us: [before_us, signatureCheckUs()] };
}

function verdict(budget: Budget, figure: number | undefined): string {
  if (figure === undefined) return 'not measured';
  if (budget.max !== undefined) return figure <= budget.max ? 'ok' : 'MISSED';
  if (budget.min !== undefined) return figure >= budget.min ? 'ok' : 'MISSED';
  return '–';
}

function limit(budget: Budget): string {
  if (budget.max !== undefined) return `≤ ${budget.max} ${budget.unit}`;
  return budget.min === undefined ? '–' : `≥ ${budget.min} ${budget.unit}`;
}

function table(results: Results): string {
  const rows = BUDGETS.map((budget) => {
    const result = results[budget.bench];
    const figure = result?.figures[budget.figure];
    const shown = result?.skipped ?? (figure === undefined ? '–' : `${figure} ${budget.unit}`);
    const speed = result?.check_us?.join('–') ?? '–';
    return `| ${budget.what} | ${shown} | ${limit(budget)} | ${verdict(budget, figure)} | ${speed} |`;
  });
  const notes = Object.entries(results)
    .filter(([, result]) => result.note !== undefined)
    .map(([bench, result]) => `- **${bench}**: ${result.note}`);
  const beside = Object.entries(results).map(
    ([bench, result]) =>
      `- ${bench} (${result.name}): ${Object.entries(result.figures)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ')}`,
  );
  return `# Benchmarks

Written by \`npm run bench\` on ${cpus().length} shared cores (${cpus()[0]?.model ?? 'unknown'}), Node
${process.versions.node}. Verdicts rest on CPU time, bytes and ratios; wall-clock figures depend on
what else the machine does. Its speed swings by a quarter within an hour: the last column says
what one Ed25519 check took just before and just after, µs.

| what | measured | budget | verdict | speed |
|---|---|---|---|---|
${rows.join('\n')}

## How it was measured

${notes.join('\n')}

## All figures

${beside.join('\n')}
`;
}

const wanted = process.argv.slice(2);
const files = globSync('test/bench/*.bench.ts', { cwd: ROOT }).sort();
const results: Results = {};
try {
  Object.assign(results, JSON.parse(readFileSync(RESULTS, 'utf8')) as Results);
} catch {
  // The first run has no earlier results to keep.
}
for (const file of files) {
  const name = basename(file, '.bench.ts');
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stdout.write(`${name} …\n`);
  const result = runOne(file);
  results[name] = result;
  for (const budget of BUDGETS.filter((item) => item.bench === name)) {
    const figure = result.figures[budget.figure];
    process.stdout.write(
      `  ${verdict(budget, figure).padEnd(12)} ${budget.what}: ${figure ?? '–'} (${limit(budget)})\n`,
    );
  }
}
writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(TABLE, table(results));
const missed = BUDGETS.filter(
  (budget) => verdict(budget, results[budget.bench]?.figures[budget.figure]) === 'MISSED',
);
process.stdout.write(missed.length === 0 ? 'All budgets met.\n' : `${missed.length} missed.\n`);
process.exit(missed.length === 0 ? 0 : 1);
