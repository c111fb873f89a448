import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openReportsOf } from '../../../collector/report/issue/open-reports.ts';
import { fromBase64, toBase64, toHex, utf8 } from '../../../shared/bytes.ts';
import { openDocument } from '../../../shared/evidence/document-reading.ts';
import { documentHash } from '../../../shared/evidence/documents.ts';
import { decodeLeaf, hashLeaf } from '../../../shared/evidence/leaf.ts';
import { parseTlogProof, verifyTlogProof } from '../../../shared/evidence/tlog-proof.ts';
import { type Harness, importSite, type MeasuredOffice, openMeasuredOffice } from '../harness.ts';

const DEADLINE_MS = 30_000;
const SITE = 'socson-hq';
const PERIOD = { from: '2026-11-23T01:00:00Z', to: '2026-11-23T02:00:00Z' };
let office: MeasuredOffice;
let auditor: string;

before(async () => {
  office = await openMeasuredOffice();
  await importSite(office.harness, 'donganh-hq', 'xa-dong-anh');
  auditor = await office.harness.token('auditor');
});
after(() => office.harness.close());

function post(harness: Harness, url: string, payload: object, token: string) {
  return harness.send({ method: 'POST', url: `/api/v1/reports${url}`, payload }, token);
}

function ask(more: object = {}, token = office.operator) {
  return post(office.harness, '', { site: SITE, ...PERIOD, formats: ['bundle'], ...more }, token);
}

/** Waits until a report ended. */
async function ended(id: string, token = office.operator) {
  const until = performance.now() + DEADLINE_MS;
  for (;;) {
    const { body } = await office.harness.get(`/api/v1/reports/${id}`, token);
    if (body.finished_ms !== null) return body;
    assert.ok(performance.now() < until, `the report stays ${body.state}`);
    await pause(20);
  }
}

async function issued(more: object = {}) {
  const asked = await ask(more);
  assert.equal(asked.status, 202, asked.text);
  const done = await ended(asked.body.id);
  assert.equal(done.state, 'done', JSON.stringify(done.error));
  return done;
}

async function fetched(url: string, token = office.operator): Promise<Uint8Array> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await office.harness.app.inject({ method: 'GET', url, headers });
  assert.equal(answer.statusCode, 200, answer.body);
  const name = url.split('/').at(-1);
  assert.equal(answer.headers['content-disposition'], `attachment; filename="${name}"`);
  assert.equal(Number(answer.headers['content-length']), answer.rawPayload.length);
  return new Uint8Array(answer.rawPayload);
}

test('a report is issued: files as hashed, a leaf that names them, its receipt', async () => {
  const { crypto, document_key, log_key, ledger, store } = office.harness.deps;
  const done = await issued({ formats: ['json', 'bundle'] });
  assert.deepEqual(
    done.files.map(({ name }: { name: string }) => name),
    ['lanproof-socson-hq-20261123-20261123.zip', 'lanproof-socson-hq-20261123-20261123.json'],
  );
  assert.equal(done.agrees_with_dashboard, true);
  assert.deepEqual(done.progress, null);
  for (const { url, sha256, bytes } of done.files) {
    const file = await fetched(url);
    assert.deepEqual([toHex(crypto.sha256(file)), file.length], [sha256, bytes]);
  }
  const [document, receipt] = await Promise.all(
    done.proofs.map(async ({ url }: { url: string }) => Buffer.from(await fetched(url)).toString()),
  );
  const report = openDocument(crypto, document, 'report', document_key.publicKey);
  assert.deepEqual(
    report.files.map(({ name, sha256 }) => [name, toHex(fromBase64(sha256))]),
    done.files.map(({ name, sha256 }: { name: string; sha256: string }) => [name, sha256]),
  );
  assert.deepEqual([report.id, report.site, report.masked], [done.id, SITE, false]);
  assert.ok(report.as_of.size <= done.leaf.leaf, 'the bundle is under an older head');
  const leaf = decodeLeaf(parseTlogProof(receipt).extra ?? utf8(''));
  assert.equal(toBase64(leaf.hash), toBase64(documentHash(crypto, document)));
  const { origin } = ledger.checkpoint();
  const proved = verifyTlogProof(crypto, receipt, hashLeaf(crypto, leaf), origin, log_key);
  assert.deepEqual([proved.index, leaf.kind, leaf.site], [done.leaf.leaf, 'report', SITE]);
  const audit = (await store.audit(10)).map(({ action }) => action);
  assert.ok(audit.includes('report.fetch') && audit.includes('report.issue'));
});

test('auditors fetch masked reports only and issue none; viewers see none', async () => {
  const whole = await issued();
  const masked = await issued({ masked: true });
  assert.match(masked.files[0].name, /-masked\.zip$/);
  const { harness, viewer, operator } = office;
  const ids = async (token: string): Promise<string[]> =>
    (await harness.get('/api/v1/reports', token)).body.items.map(({ id }: { id: string }) => id);
  const seen = await ids(auditor);
  assert.deepEqual([seen.includes(masked.id), seen.includes(whole.id)], [true, false]);
  assert.equal((await harness.get(`/api/v1/reports/${whole.id}`, auditor)).status, 404);
  assert.equal((await harness.get(whole.files[0].url, auditor)).status, 404);
  await fetched(masked.files[0].url, auditor);
  assert.equal((await ask({ masked: true }, auditor)).status, 403);
  assert.equal((await harness.get('/api/v1/reports', viewer)).status, 403);
  const elsewhere = await harness.token('operator', 'xa-dong-anh');
  assert.deepEqual(await ids(elsewhere), []);
  assert.equal((await harness.get(whole.files[0].url, elsewhere)).status, 404);
  assert.equal((await ask({}, elsewhere)).status, 404);
  for (const file of ['report.json', '..%2Freport.json', 'other.zip', 'work']) {
    const answer = await harness.get(`/api/v1/reports/${whole.id}/${file}`, operator);
    assert.ok([400, 404].includes(answer.status), `${file}: ${answer.status}`);
  }
});

test('reports are listed newest first, page by page, of one site', async () => {
  const { harness, operator } = office;
  await issued({ formats: ['json'] });
  // A site of which nothing was measured has a report that says so.
  const other = await issued({ formats: ['json'], site: 'donganh-hq' });
  assert.equal(other.agrees_with_dashboard, true);
  const url = `/api/v1/reports?site=${SITE}`;
  const all = (await harness.get(url, operator)).body.items as { id: string; site: string }[];
  assert.ok(all.length > 1 && all.every(({ site }) => site === SITE));
  const paged: string[] = [];
  for (let after = ''; ; ) {
    const { body } = await harness.get(`${url}&limit=1${after}`, operator);
    paged.push(...body.items.map(({ id }: { id: string }) => id));
    if (body.next === null) break;
    after = `&after=${body.next}`;
  }
  assert.deepEqual(
    paged,
    all.map(({ id }) => id),
  );
  const csv = await harness.get(`${url}&format=csv`, operator);
  assert.match(csv.text, /^\uFEFFid,site,from,to,masked,state,/);
  assert.equal(csv.text.trim().split('\n').length, all.length + 1);
});

test('local dates are both included; what is no period, format or site is refused', async () => {
  const { body } = await ask({ from: '2026-11-23', to: '2026-11-24', formats: ['json'] });
  assert.deepEqual([body.from, body.to], ['2026-11-22T17:00:00.000Z', '2026-11-24T17:00:00.000Z']);
  await ended(body.id);
  const refusal = async (more: object): Promise<string> => {
    const answer = await ask(more);
    return `${answer.status} ${answer.body.error?.code ?? answer.text}`;
  };
  assert.equal(await refusal({ formats: ['pdf'] }), '501 REPORT_FORMAT');
  assert.equal(await refusal({ from: '2026-02-30', to: '2026-03-01' }), '400 TIME_FORMAT');
  assert.equal(await refusal({ from: '2026-11-24', to: '2026-11-22' }), '400 TIME_PERIOD');
  assert.equal(await refusal({ from: '2026-11-23T01:00:30Z' }), '400 TIME_MINUTE');
  assert.equal(await refusal({ from: '2024-01-01', to: '2026-01-01' }), '400 TIME_PERIOD');
  assert.equal(await refusal({ site: 'nowhere' }), '404 NOT_FOUND');
  assert.equal(await refusal({ from: '2027-01-01', to: '2027-01-31' }), '400 TIME_FUTURE');
  // An hour later, and nothing came since.
  office.harness.clock.now_ms += 3_600_000;
  const from_ms = Math.floor(office.harness.clock.now_ms / 60_000) * 60_000;
  const [from, to] = [from_ms, from_ms + 60_000].map((ms) => new Date(ms).toISOString());
  const silent = await ask({ from, to });
  const failed = await ended(silent.body.id);
  assert.deepEqual([failed.state, failed.error.code], ['failed', 'REPORT_PERIOD']);
  assert.deepEqual(readdirSync(join(office.harness.deps.reports_folder, failed.id)), [
    'report.json',
  ]);
  const early = { ...COPY, number: '1' };
  const answer = await post(office.harness, `/${failed.id}/signed`, early, office.operator);
  assert.equal(answer.status, 409);
});

const COPY = {
  ...{ name: 'bao-cao-da-ky.pdf', bytes: 12_345, sha256: 'ab'.repeat(32) },
  ...{ number: '12/BC-UBND', date: '2026-11-23' },
};

test('the signed copy is a leaf, once', async () => {
  const { crypto, document_key, store } = office.harness.deps;
  const { id } = await issued({ formats: ['json'] });
  const sign = (more: object = {}, token = office.operator) =>
    post(office.harness, `/${id}/signed`, { ...COPY, ...more }, token);
  const first = await sign();
  assert.equal(first.status, 200, first.text);
  const again = await sign();
  assert.deepEqual([first.body.changed, again.body.changed], [true, false]);
  assert.equal(again.body.leaf, first.body.leaf);
  const row = (await store.documents(SITE, 'signed-report')).at(-1);
  const signed = openDocument(crypto, row?.text ?? '', 'signed-report', document_key.publicKey);
  assert.deepEqual(
    [signed.report, signed.number, signed.date, toHex(fromBase64(signed.file.sha256))],
    [id, COPY.number, COPY.date, COPY.sha256],
  );
  assert.equal((await sign({ date: '2026-02-30' })).status, 400);
  const later = await sign({ date: '2026-11-25' });
  assert.deepEqual([later.status, later.body.error.code], [400, 'TIME_FUTURE']);
  assert.equal((await sign({ sha256: 'AB' })).status, 400);
  assert.equal((await sign({}, auditor)).status, 403);
});

test('what a crash left is failed without its leaf, and finished with it', async () => {
  const { deps } = office.harness;
  const done = await issued();
  const folder = join(deps.reports_folder, done.id);
  const path = join(folder, 'report.json');
  const record = JSON.parse(readFileSync(path, 'utf8'));
  // As it stood when the leaf was committed and nothing was noted yet.
  const running = { ...record, state: 'running', finished_ms: null, files: [], leaf: null };
  writeFileSync(path, JSON.stringify(running));
  const other = await issued({ formats: ['json'] });
  const half = join(deps.reports_folder, other.id);
  const lost = { ...running, id: '20991123t010203-00000000' };
  const lostFolder = join(deps.reports_folder, lost.id);
  mkdirSync(join(lostFolder, 'work'), { recursive: true });
  writeFileSync(join(lostFolder, 'work', 'leaves-1'), 'half');
  writeFileSync(join(lostFolder, 'report.json'), JSON.stringify(lost));
  mkdirSync(join(deps.reports_folder, '20991123t010203-11111111'));
  const again = await openReportsOf(deps);
  try {
    const found = again.get(done.id);
    assert.deepEqual([found?.state, found?.files], ['done', record.files]);
    assert.deepEqual(found?.leaf, record.leaf);
    assert.deepEqual(
      [again.get(lost.id)?.state, again.get(lost.id)?.error?.code],
      ['failed', 'INTERRUPTED'],
    );
    assert.deepEqual(readdirSync(lostFolder), ['report.json']);
    assert.equal(existsSync(join(deps.reports_folder, '20991123t010203-11111111')), false);
    assert.ok(existsSync(join(half, 'report.dsse.json')));
  } finally {
    await again.close();
  }
});

test('a start tells once which reports it cannot read, and leaves them', async () => {
  const { deps } = office.harness;
  const folder = join(deps.reports_folder, '20991123t010203-22222222');
  mkdirSync(folder);
  writeFileSync(join(folder, 'report.json'), '{"v":2}');
  const told: unknown[] = [];
  const logger = { ...deps.logger, error: (facts: unknown) => told.push(facts) };
  await (await openReportsOf({ ...deps, logger })).close();
  const folders = [{ id: '20991123t010203-22222222', why: 'its version is 2, not 1' }];
  assert.deepEqual(told, [{ count: 1, folders }]);
  assert.deepEqual(readdirSync(folder), ['report.json']);
});

test('a file that the disk lost is gone, and says that its leaf stays', async () => {
  const { harness, operator } = office;
  const done = await issued({ formats: ['json'] });
  const [file] = done.files;
  rmSync(join(harness.deps.reports_folder, done.id, file.name));
  const answer = await harness.get(file.url, operator);
  assert.deepEqual([answer.status, answer.body.error.code], [410, 'REPORT_GONE']);
  await fetched(done.proofs[0].url);
});

test('a stop while a report is made leaves nothing half', async () => {
  const { deps } = office.harness;
  const reports = await openReportsOf(deps);
  const period = { from_ms: Date.parse(PERIOD.from), to_ms: Date.parse(PERIOD.to) };
  const asking = {
    site: SITE,
    period,
    masked: false,
    formats: ['bundle'],
    author: 'test',
  } as const;
  const { id } = await reports.ask(asking);
  await reports.close();
  const again = await openReportsOf(deps);
  await again.close();
  assert.equal(again.get(id)?.error?.code, 'INTERRUPTED');
  assert.deepEqual(readdirSync(join(deps.reports_folder, id)), ['report.json']);
});
