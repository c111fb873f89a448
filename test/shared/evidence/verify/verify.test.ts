import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadKeys } from '../../../../collector/keys.ts';
import { utf8 } from '../../../../shared/bytes.ts';
import { formatPolicy, parsePolicy } from '../../../../shared/evidence/bundle/policy.ts';
import type { BundleBatch } from '../../../../shared/evidence/bundle/types.ts';
import { signCheckpoint } from '../../../../shared/evidence/checkpoint.ts';
import type { Signer } from '../../../../shared/evidence/crypto.ts';
import type { Verdict } from '../../../../shared/evidence/verify/types.ts';
import {
  CHECKS,
  type CheckId,
  type VerifyOptions,
} from '../../../../shared/evidence/verify/types.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';
import {
  enrolTestAgent,
  type Harness,
  importSite,
  measureTogether,
  openHarness,
  START_MS,
} from '../../../collector/harness.ts';
import type { TestAgent } from '../../../support/batches.ts';
import { seeded } from '../../../support/office.ts';
import {
  edit,
  editBatches,
  editLines,
  type Parts,
  putTogether,
  resign,
  sealAgain,
  takeApart,
  textOf,
} from '../../../support/tamper.ts';
import { bundleOf, failedChecks, findings, told, verified } from '../../../support/verify-kit.ts';

const SITE = 'socson-hq';
const HOUR_MS = 3_600_000;
const PERIOD = { from_ms: START_MS, to_ms: START_MS + 2 * HOUR_MS };
const BATCHES = 130;
const crypto = createNodeCrypto();

let harness: Harness;
let agent: TestAgent;
let bundle: Uint8Array;
let documentKey: Signer;
let logKey: Signer;

/** Two hours and ten minutes; the agent carries a signed head every thirty minutes. */
before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
  agent = await enrolTestAgent(harness, SITE);
  const { ledger } = harness.deps;
  await measureTogether(harness, agent, BATCHES, (batch) => {
    const { origin, size, note } = ledger.checkpoint();
    const seen = { log: origin, size, ...(batch % 30 === 5 ? { checkpoint: note } : {}) };
    return { header: { seen }, ...(batch === 40 ? { codes: { 0: 'n60' } } : {}) };
  });
  bundle = await bundleOf(harness, SITE, PERIOD);
  const keys = loadKeys(harness.data_dir, { may_create: false });
  documentKey = keys.document;
  logKey = keys.log;
});

after(() => harness.close());

test('a bundle of a real collector passes, whole and masked', async () => {
  const whole = await verified(bundle);
  assert.equal(whole.outcome, 'pass', told(whole).join('\n'));
  assert.deepEqual(
    whole.checks.map(({ id }) => id),
    CHECKS,
  );
  assert.ok(whole.checks.every(({ status }) => status === 'ok' || status === 'gap'));
  assert.equal(whole.figures?.incidents.length, 1);
  assert.equal(whole.exposure.batches, BATCHES);
  const heads = whole.checks.find(({ id }) => id === 'seen')?.counted.heads;
  assert.ok((heads ?? 0) >= 3, 'heads that the agent carried were compared');

  const masked = await verified(await bundleOf(harness, SITE, PERIOD, true));
  assert.equal(masked.outcome, 'pass', told(masked).join('\n'));
  assert.ok(findings(masked, 'FIGURES_LEFT_OUT').length > 0);
  const rows = (verdict: Verdict): number =>
    verdict.checks.find(({ id }) => id === 'figures')?.counted.rows ?? 0;
  const shown = masked.figures?.hours;
  const inFile = [shown?.all, shown?.working].reduce((sum, part) => {
    const lists = [part?.devices, part?.groups, part?.days, part?.hours];
    return lists.reduce((all, list) => all + (list?.length ?? 0), sum);
  }, 0);
  assert.ok(rows(masked) > 0 && rows(masked) < rows(whole));
  assert.ok(rows(masked) <= inFile, 'only what was compared is counted');
});

test('every signature, or one an hour and the last one', async () => {
  const count = async (every: boolean): Promise<number> => {
    const { checks } = await verified(bundle, { every });
    return checks.find(({ id }) => id === 'signatures')?.counted.signatures ?? 0;
  };
  assert.equal(await count(true), BATCHES);
  // Hours 01, 02 and 03 UTC, and the last batch.
  assert.equal(await count(false), 4);
});

test('what the auditor holds is compared', async () => {
  const parts = await takeApart(bundle);
  const policy = textOf(parts, 'policy.txt');
  const { origin, size, note } = harness.deps.ledger.checkpoint();
  const three = note.split('\n').slice(0, 3).join('\n');
  const held = { trust: policy, checkpoints: [three, note] };
  const good = await verified(bundle, held);
  assert.equal(good.outcome, 'pass', told(good).join('\n'));
  assert.equal(good.exposure.keys, 'compared');
  assert.equal(good.exposure.printed, 2);

  const other = generateSigner().signer;
  const log = { name: origin, publicKey: other.publicKey };
  const foreign = formatPolicy(crypto, { logs: [log], witnesses: [], quorum: 'none' });
  const root = new Uint8Array(32).fill(5);
  const lines = (size: number) => signCheckpoint(crypto, logKey, { origin, size, root });
  await named({ trust: foreign }, 'policy', 'POLICY_KEY');
  await named({ trust: 'log x' }, 'policy', 'TRUST_FORMAT');
  await named({ bundle_sha256: 'ab'.repeat(32) }, 'container', 'BUNDLE_SHA256');
  await named({ checkpoints: [lines(size)] }, 'consistency', 'PRINTED_INCONSISTENT');
  // A sheet that is newer than the bundle says nothing against it, and proves nothing.
  const newer = await verified(bundle, { checkpoints: [lines(size + 1)] });
  assert.deepEqual(
    [newer.outcome, newer.exposure.printed],
    ['pass_with_gaps', 0],
    told(newer).join('\n'),
  );
  assert.equal(findings(newer, 'PRINTED_BEYOND')[0]?.severity, 'gap');
  await named({ checkpoints: [lines(17)] }, 'consistency', 'PRINTED_UNPROVED');
  await named({ checkpoints: ['x'] }, 'consistency', 'PRINTED_FORMAT');
});

/** The untouched bundle fails in this check alone, given what the auditor holds. */
async function named(held: Partial<VerifyOptions>, check: CheckId, code: string): Promise<void> {
  const verdict = await verified(bundle, held);
  assert.equal(verdict.outcome, 'fail');
  assert.ok(failedChecks(verdict).includes(check), `${code}: ${told(verdict).join('\n')}`);
  assert.ok(
    told(verdict).some((line) => line.includes(` ${code} `)),
    told(verdict).join('\n'),
  );
}

interface Tampering {
  readonly what: string;
  /** Returns the finished bundle, or nothing where the manifest is to be signed again. */
  readonly change: (parts: Parts) => Uint8Array | undefined;
  readonly check: CheckId;
  readonly code: string;
}

const LEAVES = 'logs/1/leaves.txt';

/** Position among the lines of leaves of the nth batch. */
function batchLine(lines: readonly string[], number: number): number {
  const places = lines.flatMap((line, at) => (line.includes(' batch ') ? [at] : []));
  return places.at(number) ?? -1;
}

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at);
}

const TAMPERINGS: readonly Tampering[] = [
  {
    what: 'a byte of a batch',
    change: (parts) => {
      const name = [...parts.keys()].find((one) => one.startsWith('batches/')) ?? '';
      const bytes = parts.get(name);
      if (bytes !== undefined) bytes[500] = (bytes[500] ?? 0) ^ 1;
      return putTogether(parts);
    },
    ...{ check: 'container', code: 'FILE_DIGEST' },
  },
  {
    what: 'a file more',
    change: (parts) => putTogether(parts.set('verify.mjs', utf8('process.exit(0)'))),
    ...{ check: 'container', code: 'FILE_EXTRA' },
  },
  {
    what: 'bytes behind the zip',
    change: (parts) => Buffer.concat([putTogether(parts), Buffer.from('x')]),
    ...{ check: 'container', code: 'ZIP_FORMAT' },
  },
  {
    what: 'a manifest under another key',
    change: (parts) => resign(parts, generateSigner().signer),
    ...{ check: 'container', code: 'MANIFEST_SIGNATURE' },
  },
  {
    what: 'a log key of its own in policy and head',
    change: (parts) => {
      const own = generateSigner().signer;
      const [log] = parsePolicy(crypto, textOf(parts, 'policy.txt')).logs;
      const name = log?.name ?? '';
      const logs = [{ name, publicKey: own.publicKey }];
      parts.set('policy.txt', utf8(formatPolicy(crypto, { logs, witnesses: [], quorum: 'none' })));
      edit(parts, 'logs/1/checkpoint.txt', (text) => {
        const [origin = '', size, root = ''] = text.split('\n');
        const bytes = Buffer.from(root, 'base64');
        return signCheckpoint(crypto, own, { origin, size: Number(size), root: bytes });
      });
      return undefined;
    },
    ...{ check: 'consistency', code: 'LOG_OPEN_FALSE' },
  },
  {
    what: 'a batch left out',
    change: (parts) => void editBatches(parts, (batches) => without(batches, 20)),
    ...{ check: 'completeness', code: 'BATCH_MISSING' },
  },
  {
    what: 'a batch and its leaf left out',
    change: (parts) => {
      editBatches(parts, (batches) => without(batches, 20));
      editLines(parts, LEAVES, (lines) => without(lines, batchLine(lines, 20)));
    },
    ...{ check: 'chain', code: 'CHAIN_GAP' },
  },
  {
    what: 'the end of the chain cut off with its leaves',
    change: (parts) => {
      editBatches(parts, (batches) => batches.slice(0, -10));
      editLines(parts, LEAVES, (lines) => lines.slice(0, batchLine(lines, -10)));
    },
    ...{ check: 'completeness', code: 'DAILY_COUNT' },
  },
  {
    what: 'another section',
    change: (parts) =>
      void editBatches(parts, (batches) =>
        replaced(batches, 30, { sections: batches[40]?.sections }),
      ),
    ...{ check: 'signatures', code: 'SECTION_HASH' },
  },
  {
    what: 'a section withheld',
    change: (parts) =>
      void editBatches(parts, (batches) => {
        const [, ...rest] = batches[40]?.sections ?? [];
        return replaced(batches, 40, { sections: [null, ...rest] });
      }),
    ...{ check: 'completeness', code: 'SECTION_WITHHELD' },
  },
  {
    what: 'two batches in each other’s place',
    change: (parts) =>
      void editBatches(parts, (batches) => {
        const [a, b] = [batches[10], batches[11]];
        return batches.map((batch, at) => (at === 10 ? b : at === 11 ? a : batch) ?? batch);
      }),
    ...{ check: 'completeness', code: 'BATCH_UNLISTED' },
  },
  {
    what: 'a header altered, its leaf too, by the holder of the agent key',
    change: (parts) => {
      let hashes = { before: '', after: '' };
      editBatches(parts, (batches) => {
        const old = batches[50];
        if (old === undefined) return batches;
        const sealed = sealAgain(old, agent.signer, (json) => json.replace('"minute"', '"early"'));
        hashes = sealed;
        return replaced(batches, 50, sealed.batch);
      });
      edit(parts, LEAVES, (text) => text.replace(hashes.before, hashes.after));
    },
    ...{ check: 'chain', code: 'CHAIN_BROKEN' },
  },
  {
    what: 'the last signature',
    change: (parts) =>
      void editBatches(parts, (batches) =>
        replaced(batches, BATCHES - 1, { signature: new Uint8Array(64) }),
      ),
    ...{ check: 'signatures', code: 'SIGNATURE_FALSE' },
  },
  {
    what: 'another receive time of a proved batch',
    change: (parts) =>
      void editLines(parts, LEAVES, (lines) => {
        const at = batchLine(lines, 0);
        return lines.map((line, index) => (index === at ? line.replace(/(\d)$/, '9') : line));
      }),
    ...{ check: 'inclusion', code: 'INCLUSION_FALSE' },
  },
  {
    what: 'the first batch is not listed',
    change: (parts) =>
      void editLines(parts, LEAVES, (lines) => without(lines, batchLine(lines, 0))),
    ...{ check: 'inclusion', code: 'INCLUSION_FALSE' },
  },
  {
    what: 'no consistency with what agents saw',
    change: (parts) => void editLines(parts, 'logs/1/consistency.txt', () => []),
    ...{ check: 'seen', code: 'SEEN_UNPROVED' },
  },
  {
    what: 'a day under another date',
    change: (parts) =>
      void edit(parts, 'logs/1/daily.txt', (text) => text.replace('2026-11-23', '2026-11-24')),
    ...{ check: 'completeness', code: 'DAILY_DATE' },
  },
  {
    what: 'a document left out with its leaf',
    change: (parts) => {
      const [first] = textOf(parts, LEAVES)
        .split('\n')
        .filter((line) => line.includes(' site '));
      const index = first?.split(' ')[0] ?? '';
      edit(parts, 'documents.ndjson', (text) =>
        text
          .split('\n')
          .filter((line) => !line.startsWith(`{"log":1,"leaf":${index},`))
          .join('\n'),
      );
      editLines(parts, LEAVES, (lines) => lines.filter((line) => line !== first));
    },
    ...{ check: 'completeness', code: 'DAILY_COUNT' },
  },
  {
    what: 'an enrolment altered',
    change: (parts) =>
      void edit(parts, 'documents.ndjson', (text) =>
        text
          .split('\n')
          .map((line) =>
            line.includes('.enrol.')
              ? line.replace(/ayload\\":\\"eyJ2/, 'ayload\\":\\"eyJ3')
              : line,
          )
          .join('\n'),
      ),
    ...{ check: 'keys', code: 'KEY_DOCUMENT' },
  },
  {
    what: 'a figure',
    change: (parts) =>
      void edit(parts, 'figures.json', (text) => text.replace(/"outages":1/, '"outages":2')),
    ...{ check: 'figures', code: 'FIGURES_DIFFER' },
  },
  {
    what: 'a member of the figures twice',
    change: (parts) =>
      void edit(parts, 'figures.json', (text) => text.replace('{"v":1,', '{"v":2,"v":1,')),
    ...{ check: 'figures', code: 'FIGURES_FORMAT' },
  },
  {
    what: 'figures that name rows as not recomputable',
    change: (parts) =>
      void edit(parts, 'figures.json', (text) =>
        text.replace(/\}$/, ',"not_recomputable":[{"what":"hours/all/devices","code":"gw"}]}'),
      ),
    ...{ check: 'figures', code: 'FIGURES_DIFFER' },
  },
  {
    what: 'a stretch that begins later',
    change: (parts) => {
      editBatches(parts, (batches) => batches.slice(5));
      let hash = '';
      editLines(parts, LEAVES, (lines) => {
        const cut = lines.filter((line) => / batch .* [1-5] \S+ \d+$/.test(line));
        hash = cut.at(-1)?.split(' ')[6] ?? '';
        return lines.filter((line) => !cut.includes(line));
      });
      return resign(parts, documentKey, (manifest) => ({
        ...manifest,
        agents: manifest.agents.map((one) => ({ ...one, before_seq: 5, before_hash: hash })),
      }));
    },
    ...{ check: 'chain', code: 'STRETCH_BEGIN' },
  },
  {
    what: 'another head in the manifest',
    change: (parts) =>
      resign(parts, documentKey, (manifest) => ({
        ...manifest,
        as_of: { ...manifest.as_of, size: manifest.as_of.size - 1 },
      })),
    ...{ check: 'checkpoint', code: 'AS_OF_OTHER' },
  },
];

function replaced(
  batches: readonly BundleBatch[],
  at: number,
  change: { [Member in keyof BundleBatch]?: BundleBatch[Member] | undefined },
): BundleBatch[] {
  return batches.map((batch, index) =>
    index === at
      ? {
          header: change.header ?? batch.header,
          signature: change.signature ?? batch.signature,
          sections: change.sections ?? batch.sections,
        }
      : batch,
  );
}

for (const { what, change, check, code } of TAMPERINGS) {
  test(`tampering: ${what} is named by ${check}`, async () => {
    const parts = await takeApart(bundle);
    const verdict = await verified(change(parts) ?? resign(parts, documentKey));
    assert.equal(verdict.outcome, 'fail');
    const lines = told(verdict);
    assert.ok(failedChecks(verdict).includes(check), lines.join('\n'));
    assert.ok(
      lines.some((line) => line.startsWith(`failed ${check} ${code} `)),
      lines.join('\n'),
    );
  });
}

test('what is taken apart and signed again by the collector itself still passes', async () => {
  const verdict = await verified(resign(await takeApart(bundle), documentKey));
  assert.equal(verdict.outcome, 'pass', told(verdict).join('\n'));
});

test('a fault that ends everything leaves later checks open and fails', async () => {
  const verdict = await verified(utf8('this is no zip file at all, but long enough for an end'));
  assert.equal(verdict.outcome, 'fail');
  assert.deepEqual(failedChecks(verdict), ['container']);
  assert.equal(verdict.checks.filter(({ status }) => status === 'not_checked').length, 13);
});

test('no single altered byte makes the verifier throw or the figures differ unseen', async () => {
  const runs = Number(process.env.LANPROOF_MUTATIONS ?? 40);
  const random = seeded(20_261_123);
  const clean = JSON.stringify((await verified(bundle)).figures);
  for (let run = 0; run < runs; run++) {
    const parts = await takeApart(bundle);
    // A log of one site alone needs no hash of others: its proof is an empty file.
    const names = [...parts].flatMap(([name, { length }]) =>
      name === 'manifest.dsse.json' || length === 0 ? [] : [name],
    );
    const name = names[Math.floor(random() * names.length)] ?? '';
    const bytes = parts.get(name) ?? new Uint8Array();
    const at = Math.floor(random() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    const plain = await verified(putTogether(parts));
    assert.equal(plain.outcome, 'fail', `${name} byte ${at}`);
    // The collector itself, with its document key, alters what it signs.
    const signed = await verified(resign(parts, documentKey));
    if (signed.outcome === 'fail') continue;
    assert.equal(JSON.stringify(signed.figures), clean, `${name} byte ${at}`);
  }
});
