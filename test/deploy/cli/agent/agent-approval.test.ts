import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toBase64 } from '../../../../shared/bytes.ts';
import { shortCode } from '../../../../shared/evidence/keys.ts';
import { generateSigner } from '../../../../shared/node/crypto.ts';
import { type Harness, importSite, openHarness } from '../../../collector/harness.ts';
import { ran } from '../cli-kit.ts';

let harness: Harness;
let where: string[];

before(async () => {
  harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son', 'ha-noi');
  await importSite(harness, 'dongphu-hq', 'xa-dong-phu', 'ha-noi');
  const collector = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  where = ['--collector', collector, '--token', await harness.token('operator')];
});
after(() => harness.close());

/** A machine that shows its code and waits. */
async function waiting(site: string, agent?: string): Promise<string> {
  const { signer } = generateSigner();
  const url = `/api/v1/sites/${site}/enrol-tokens`;
  const payload = agent === undefined ? {} : { agent };
  const made = await harness.send({ method: 'POST', url, payload }, where[3]);
  const ask = { token: made.body.token, public_key: toBase64(signer.publicKey), software: '0.1.0' };
  await harness.send({ method: 'POST', url: '/api/v1/agents/enrol', payload: ask });
  return shortCode(harness.deps.crypto, signer.publicKey);
}

test('a person sees what waits, types the code of the machine, and only that key is accepted', async () => {
  const none = await ran(['agent', 'pending', ...where]);
  assert.deepEqual([none.code, none.out, none.err], [0, '', 'no key waits for approval']);
  const first = await waiting('socson-hq', 'do-1');
  const second = await waiting('socson-hq', 'do-1');
  const other = await waiting('dongphu-hq');
  const listed = await ran(['agent', 'pending', ...where]);
  for (const code of [first, second, other]) assert.ok(listed.out.includes(code), listed.out);
  const sloppy = second.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
  const done = await ran(['agent', 'approve', sloppy, ...where]);
  assert.equal(done.code, 0, done.err);
  assert.match(
    done.out,
    new RegExp(`^accepted: ${second}, agent do-1 of site socson-hq .*epoch 1$`),
  );
  const row = await harness.deps.store.agent('socson-hq', 'do-1');
  assert.equal(row?.short_code, second);
  const left = await ran(['agent', 'pending', ...where]);
  assert.ok(left.out.includes(first) && !left.out.includes(second), left.out);
  assert.match(left.out, /a new key, epoch 2/);
  const refused = await ran(['agent', 'refuse', first, ...where]);
  assert.match(refused.out, new RegExp(`^refused: ${first}, agent do-1`));
  assert.equal((await harness.deps.store.agent('socson-hq', 'do-1'))?.short_code, second);
});

test('a wrong code accepts nothing and names the near one', async () => {
  const code = await waiting('dongphu-hq');
  const typo = `${code.slice(0, -1)}${code.endsWith('2') ? '3' : '2'}`;
  const wrong = await ran(['agent', 'approve', typo, ...where]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, new RegExp(`SHORT_CODE_UNKNOWN: .*${typo}.*\\n  fix: ${code} waits`));
  assert.equal(await harness.deps.store.agent('dongphu-hq', 'do-1'), null);
  assert.equal((await ran(['agent', 'approve', 'nonsense!', ...where])).code, 2);
  const viewer = await harness.token('viewer');
  const may = await ran(['agent', 'pending', ...where.slice(0, 3), viewer]);
  assert.match(may.err, /FORBIDDEN/);
});

test('who sees a part of the units sees the keys of that part only', async () => {
  const here = await waiting('socson-hq', 'do-1');
  const part = await harness.token('operator', 'xa-dong-phu');
  const seen = await ran(['agent', 'pending', ...where.slice(0, 3), part]);
  assert.ok(!seen.out.includes(here), seen.out);
  const tried = await ran(['agent', 'approve', here, ...where.slice(0, 3), part]);
  assert.match(tried.err, /SHORT_CODE_UNKNOWN/);
});
