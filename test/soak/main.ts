import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ran } from '../deploy/cli/cli-kit.ts';
import { secondReaderSkip } from '../fixtures/second-reader.ts';
import { checkKills, settle } from '../support/check-kills.ts';
import { exportEvidence, openData } from '../support/export-evidence.ts';
import { runKills } from '../support/kill-run.ts';
import { ORIGIN_PREFIX, SITE } from '../support/live-site.ts';
import { type SoakedMutations, soakMutations } from './mutations.ts';

/**
 * `npm run soak [-- --kills 200 --seed N --minutes M --mutations 20000 --only mutations]`: kills of
 * each side, pauses and WAN cuts, then everything is checked; then random changes of a bundle, or
 * only these. Writes docs/soak.json and docs/soak.md; exit 1 on a finding, and then the folder with
 * data and logs stays.
 */

const ROOT = join(import.meta.dirname, '../..');
/** Without --minutes: a fault every few seconds, so that batches are made between two kills. */
const GAP_MS = 4_000;
/** Faults of all kinds for each kill of one side: two kills, and half as many others. */
const FAULTS_PER_KILL = 3;
const SETTLE_MS = 120_000;
const NET = 73;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string' },
    mutations: { type: 'string', default: '20000' },
    only: { type: 'string' },
  },
});
const JSON_FILE = join(ROOT, 'docs/soak.json');
if (values.only !== undefined) {
  if (values.only !== 'mutations') throw new Error('--only takes mutations');
  const before = JSON.parse(readFileSync(JSON_FILE, 'utf8'));
  const mutations = await mutate();
  writeFileSync(JSON_FILE, `${JSON.stringify({ ...before, mutations }, null, 2)}\n`);
  const page_file = join(ROOT, 'docs/soak.md');
  const [kills_text = ''] = readFileSync(page_file, 'utf8').split('\nMutations: ');
  writeFileSync(page_file, `${kills_text.trimEnd()}\n\n${mutationsLine(mutations)}`);
  process.exit(mutations.finding === null ? 0 : 1);
}
const kills = count(values.kills, '--kills');
const seed = count(values.seed, '--seed');
const gap_ms =
  values.minutes === undefined
    ? GAP_MS
    : (count(values.minutes, '--minutes') * 60_000) / (kills * FAULTS_PER_KILL);

const folder = mkdtempSync(join(tmpdir(), 'lanproof-soak-'));
const began_ms = Date.now();
process.stdout.write(`soak in ${folder}: ${kills} kills of each side, seed ${seed}\n`);
let faults = 0;
const say = (line: string): void => {
  faults += 1;
  process.stdout.write(`${faults}/${kills * FAULTS_PER_KILL} ${line}\n`);
};
const { site, counts } = await runKills({ folder, seed, kills, gap_ms, net: NET, say });
try {
  await settle(site, SETTLE_MS);
} finally {
  await site.stop();
}
const rebuilt = await ran(['rebuild', '--check', '--data', site.data_dir]);
process.stdout.write(`${rebuilt.out}\n${rebuilt.err}\n`);
const opened = await openData(site.data_dir, ORIGIN_PREFIX);
const { findings, ...figures } = await checkKills(site, opened);
const files = join(folder, 'export');
await exportEvidence(opened, files, SITE, 'do-1');
await opened.close();
const second = secondReader();
const all = [...findings];
if (second !== undefined && !second.startsWith('ok ')) all.push(second);
if (rebuilt.code !== 0) all.push(`rebuild --check: ${rebuilt.out} ${rebuilt.err}`);
const mutations = await mutate();
if (mutations.finding !== null) all.push(mutations.finding);
const seconds = Math.round((Date.now() - began_ms) / 1_000);
const day = new Date(began_ms).toISOString().slice(0, 10);
const result = {
  day,
  seed,
  seconds,
  ...counts,
  ...figures,
  second_reader: second,
  mutations,
  findings: all,
};
writeFileSync(JSON_FILE, `${JSON.stringify(result, null, 2)}\n`);
writeFileSync(join(ROOT, 'docs/soak.md'), page());
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
if (all.length === 0) rmSync(folder, { recursive: true, force: true });
else process.stdout.write(`${all.length} findings; data and logs are in ${folder}\n`);
process.exitCode = all.length === 0 ? 0 : 1;

/** What the independent reader says of the exported files; undefined where it cannot run. */
function secondReader(): string | undefined {
  if (secondReaderSkip !== false) return undefined;
  const script = join(ROOT, 'test/second_reader/read_evidence.py');
  const { stdout, stderr } = spawnSync('python3', [script, 'export', files], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim().slice(0, 500);
}

function page(): string {
  const { agent_kills, collector_kills, pauses, wan_cuts } = counts;
  const verdict = all.length === 0 ? 'nothing lost, doubled or invented' : all.join('; ');
  const { batches, runs, acknowledged } = figures;
  return `# Soak

Written by \`npm run soak\`; all figures stand in [soak.json](soak.json).

${day}: ${agent_kills} kills of the agent, ${collector_kills} of the collector, ${pauses} pauses,
${wan_cuts} WAN cuts in ${seconds} s, seed ${seed}: ${batches} batches of ${runs} runs,
${acknowledged} acknowledged leaves; ${verdict}.

${mutationsLine(mutations)}`;
}

function mutationsLine({ day, seed, runs, failed, seconds, finding }: SoakedMutations): string {
  const verdict = finding ?? 'none changed outcome, figures or a listed fact unseen';
  return `Mutations: ${day}, ${runs} single random ones of a bundle in ${seconds} s, seed ${seed}:
${failed} failed, the others altered nothing that is evidence; ${verdict}.
`;
}

async function mutate(): Promise<SoakedMutations> {
  const runs = count(values.mutations, '--mutations');
  return await soakMutations(runs, count(values.seed, '--seed'), (line) => {
    process.stdout.write(`${line}\n`);
  });
}

function count(text: string, option: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`${option} takes a whole number from 1, not ${text}\n`);
  process.exit(2);
}
