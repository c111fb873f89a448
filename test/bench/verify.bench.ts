import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as afterIo } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { buildBundle } from '../../collector/report/bundle/build.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { launchChromium, missingChromium } from '../support/chromium.ts';
import { measuredRun } from '../support/measured-run.ts';
import { fillOffice, type OfficeDays } from '../support/office-days.ts';
import { openLedgerOf } from '../support/prepared-collector.ts';
import { descendantUse } from '../support/process-cpu.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'collector/report/verifier/dist');
const SITE = 'xa-mau';
/** As of the budget; another number for a quick look, e.g. LANPROOF_VERIFY_DAYS=3. */
const DAYS = Number(process.env['LANPROOF_VERIFY_DAYS'] ?? 90);
/** The origin of `fillOffice`: its bundles are read through the same ledger. */
const ORIGIN = 'demo/office';
const VERDICT_WITHIN_MS = 3_600_000;
const MB = 1024 * 1024;

/** The office of the budgets for 90 days: verify.mjs and verify.html over its bundle. */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-verify-'));
  try {
    run(process.execPath, ['collector/report/verifier/build.mjs']);
    const data_dir = join(folder, 'data');
    const filled = await fillOffice(data_dir, SITE, DAYS);
    say(`  ${filled.batches} batches are taken in`);
    const { path, build_s } = await bundle(data_dir, filled, folder);
    const bytes = statSync(path).size;
    say(`  the bundle has ${Math.round(bytes / MB)} MB`);
    const node = verifyInNode(path);
    say(`  Node: ${node.cpu_s} s CPU, ${node.peak_mb} MB`);
    const chromium = await verifyInChromium(path);
    say(`  Chromium: ${chromium.cpu_s} s CPU, ${chromium.peak_mb} MB`);
    return {
      name: `verification of ${DAYS} days of a site of 60 devices and 5 switches`,
      figures: {
        ...{ days: DAYS, batches: filled.batches, bundle_mb: Math.round(bytes / MB) },
        ...{ build_bundle_s: build_s, node_cpu_s: node.cpu_s, node_peak_mb: node.peak_mb },
        node_exit: node.exit,
        chromium_cpu_s: chromium.cpu_s,
        chromium_peak_mb: chromium.peak_mb,
      },
      note:
        'verify.mjs as a process of its own (CPU and peak memory as the system counts them), ' +
        'verify.html in headless Chromium (CPU of all its processes, peak memory of the largest). ' +
        'One day was modelled and taken in; the others have the same sections under headers of ' +
        'their own days, chained and signed, a run each. build_bundle_s is CPU of the collector',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing was judged behind the first day: the ask is what the judge would have said. */
async function bundle(
  data_dir: string,
  { begin_ms, end_ms }: OfficeDays,
  folder: string,
): Promise<{ path: string; build_s: number }> {
  const { store, ledger, keys, close } = await openLedgerOf(data_dir, () => end_ms, ORIGIN);
  try {
    const checkpoint = ledger.checkpoint();
    const { origin: log, size } = checkpoint;
    const ask = {
      ...{ site: SITE, period: { from_ms: begin_ms, to_ms: end_ms }, masked: false, checkpoint },
      as_of: { log, size, to_ms: end_ms, at_ms: end_ms },
      ...{ reach_ms: begin_ms, first_ms: begin_ms },
    };
    const deps = { store, ledger, crypto: createNodeCrypto(), document_key: keys.document };
    const own = { software: 'bench', verifier: [], witnesses: [], breathe: () => afterIo() };
    const before = process.cpuUsage();
    const { path } = await buildBundle({ ...deps, ...own }, ask, {
      ...{ folder: join(folder, 'bundle'), name: `${randomBytes(4).toString('hex')}.zip` },
      ...{ onProgress: () => undefined, signal: new AbortController().signal },
    });
    const { user, system } = process.cpuUsage(before);
    return { path, build_s: tenths((user + system) / 1_000_000) };
  } finally {
    await close();
  }
}

function verifyInNode(path: string): { cpu_s: number; peak_mb: number; exit: number } {
  const { exit, cpu_s, peak_mb, stdout, stderr } = measuredRun([], join(DIST, 'verify.mjs'), [
    path,
  ]);
  // 1: all holds, with gaps that are named.
  if (exit > 1) throw new Error(`verify.mjs ended with ${exit}: ${stdout}${stderr}`);
  return { exit, cpu_s: tenths(cpu_s), peak_mb };
}

async function verifyInChromium(path: string): Promise<{ cpu_s: number; peak_mb: number }> {
  const missing = missingChromium();
  if (missing !== false) throw new Error(missing);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(join(DIST, 'verify.html')).href);
    const before = descendantUse(process.pid);
    await page.setInputFiles('.choose input', path);
    await page.waitForSelector('.verdict', { timeout: VERDICT_WITHIN_MS });
    const after = descendantUse(process.pid);
    const failed = await page.locator('.verdict.fail').count();
    if (failed > 0) throw new Error(await page.locator('.verdict').innerText());
    const cpu_s = tenths(after.cpu_s - before.cpu_s);
    return { cpu_s, peak_mb: Math.round(after.largest_peak_bytes / MB) };
  } finally {
    await browser.close();
  }
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
