import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bytesSource, openZip } from '../../../../shared/evidence/bundle/zip-reading.ts';
import { verdictLines } from '../../../../shared/i18n/verdict-lines.ts';
import { bundleOf, verified } from '../../../support/verify-kit.ts';
import { openMeasuredOffice, START_MS } from '../../harness.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const BUILD = 'collector/report/verifier/build.mjs';
/** Where a system has a Node of its own; an auditor's is hardly the newest. */
const SYSTEM_NODES = ['/usr/bin/node', '/usr/local/bin/node'];
const NODE_MIN = 20;

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(command: string, args: readonly string[], cwd = ROOT): Ended {
  // No path to the repository's modules, and none that a machine might set.
  const { NODE_PATH, NODE_OPTIONS, ...env } = process.env;
  return spawnSync(command, args, { cwd, env, encoding: 'utf8' });
}

function systemNode(): string | undefined {
  return SYSTEM_NODES.find((path) => {
    if (!existsSync(path)) return false;
    const version = /^v(\d+)\./.exec(start(path, ['--version']).stdout)?.[1];
    const major = Number(version ?? 0);
    return major >= NODE_MIN && !process.version.startsWith(`v${major}.`);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'lanproof-verify-mjs-'));
const files = { full: join(folder, 'full.zip'), bad: join(folder, 'bad.zip') };
let lines: string[];

before(async () => {
  const built = start(process.execPath, [BUILD, folder]);
  assert.equal(built.status, 0, built.stderr);
  const { harness } = await openMeasuredOffice();
  const period = { from_ms: START_MS, to_ms: START_MS + 3_600_000 };
  const bytes = await bundleOf(harness, 'socson-hq', period);
  await harness.close();
  writeFileSync(files.full, bytes);
  lines = verdictLines(await verified(bytes), 'vi');
  const entry = (await openZip(bytesSource(bytes))).find(({ name }) => name.startsWith('batches/'));
  assert.ok(entry !== undefined);
  const bad = Uint8Array.from(bytes);
  bad[entry.offset + 2_000] = (bad[entry.offset + 2_000] ?? 0) ^ 1;
  writeFileSync(files.bad, bad);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const system = systemNode();
const runtimes = [
  { name: `Node ${process.versions.node}`, node: process.execPath },
  { name: "the system's own Node", node: system },
];

for (const { name, node } of runtimes) {
  const skip = node === undefined && `no other Node from ${NODE_MIN} on is installed`;
  describe(`verify.mjs under ${name}`, { skip }, () => {
    // Alone in a folder: whatever it imported from elsewhere would be missing.
    const verify = (...args: string[]): Ended => start(node ?? '', ['verify.mjs', ...args], folder);

    test('says what the verifier says, and ends with 0', () => {
      const { status, stdout, stderr } = verify('full.zip');
      assert.deepEqual(stdout.trimEnd().split('\n'), lines);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    });

    test('names the check of an altered bundle, and ends with 2', () => {
      const { status, stdout } = verify('bad.zip', '--json', '--every');
      assert.equal(status, 2);
      const verdict: { outcome: string; checks: { id: string; status: string }[] } =
        JSON.parse(stdout);
      assert.equal(verdict.outcome, 'fail');
      const container = verdict.checks.find(({ id }) => id === 'container');
      assert.equal(container?.status, 'failed');
    });

    test('a wrong hash from the report fails; English where asked for', () => {
      const { status, stdout } = verify('full.zip', '--sha256', 'ab'.repeat(32), '--lang', 'en');
      assert.equal(status, 2);
      assert.match(stdout, /^FAIL \(1 The file is whole\)$/m);
    });

    test('help, a missing file and a wrong option end as of the command', () => {
      const help = verify('--help');
      assert.equal(help.status, 0);
      assert.match(help.stdout, /^node verify\.mjs FILE \[options\]/);
      const missing = verify('nothing.zip');
      assert.equal(missing.status, 2);
      assert.match(missing.stderr, /nothing\.zip/);
      assert.equal(verify('full.zip', '--trsut', 'x').status, 2);
    });
  });
}

test('the same sources give the same bytes, with the licences of what is in them', () => {
  const again = mkdtempSync(join(tmpdir(), 'lanproof-verify-mjs-'));
  try {
    assert.equal(start(process.execPath, [join(ROOT, BUILD), again], tmpdir()).status, 0);
    for (const name of ['verify.mjs', 'verify.html']) {
      const text = readFileSync(join(folder, name), 'utf8');
      assert.ok(text === readFileSync(join(again, name), 'utf8'), `${name} differs`);
      for (const licence of [/^pkijs \d/m, /^asn1js \d/m, /Permission is hereby granted/]) {
        assert.match(text, licence);
      }
    }
    const page = readFileSync(join(folder, 'verify.html'), 'utf8');
    assert.match(page, /^@noble\/hashes \d/m);
    assert.doesNotMatch(page, /(src|href)="(?!data:)/, 'nothing is loaded from elsewhere');
  } finally {
    rmSync(again, { recursive: true, force: true });
  }
});
