import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type BackupOptions, makeBackup } from '../../../collector/backup/backup.ts';
import { checkBackup } from '../../../collector/backup/check-backup.ts';
import { MANIFEST_FILE, readManifest } from '../../../collector/backup/manifest.ts';
import { copyReports, finishedReports } from '../../../collector/backup/reports.ts';
import { restoreBackup } from '../../../collector/backup/restore.ts';
import { openShelf, REPORTS_FOLDER } from '../../../collector/report/issue/shelf.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { type MeasuredOffice, openMeasuredOffice } from '../harness.ts';

const crypto = createNodeCrypto();
const signal = new AbortController().signal;
const onProgress = (): void => undefined;
const LIMITS = { reports_max: 100, bytes_max: 1e9 };
const PERIOD = { from: '2026-11-23T01:00:00Z', to: '2026-11-23T02:00:00Z' };

/** All files of a report folder by their path. */
function filesIn(root: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const id of readdirSync(root)) {
    for (const name of readdirSync(join(root, id))) {
      found.set(`${id}/${name}`, readFileSync(join(root, id, name)).toString('hex'));
    }
  }
  return found;
}

describe('issued reports in a backup', () => {
  let office: MeasuredOffice;
  let places: string;
  before(async () => {
    office = await openMeasuredOffice();
    places = `${office.harness.data_dir}-backup-test`;
    mkdirSync(places);
  });
  after(async () => {
    await office.harness.close();
    rmSync(places, { recursive: true, force: true });
  });

  const issue = async (): Promise<string> => {
    const { harness, operator } = office;
    const payload = { site: 'socson-hq', ...PERIOD, masked: false, formats: ['json'] };
    const asked = await harness.send({ method: 'POST', url: '/api/v1/reports', payload }, operator);
    const id = String(asked.body.id);
    for (const end_ms = performance.now() + 30_000; performance.now() < end_ms; ) {
      const { body } = await harness.get(`/api/v1/reports/${id}`, operator);
      // It is done for others a moment before its record is on the disk.
      const record = join(harness.deps.reports_folder, id, 'report.json');
      const kept = body.state === 'done' ? JSON.parse(readFileSync(record, 'utf8')) : null;
      if (kept?.finished_ms > 0) return id;
      assert.notEqual(body.state, 'failed', JSON.stringify(body));
      await new Promise(setImmediate);
    }
    throw new Error('the report was not made in time');
  };
  const back = (folder: string, prune = false, more: Partial<BackupOptions> = {}) =>
    makeBackup({
      ...{
        data_dir: office.harness.data_dir,
        folder,
        crypto,
        signal,
        onProgress,
        prune,
        repair: false,
      },
      ...{ software: 'test', now_ms: () => Date.now() },
      ...more,
    });
  const faultsOf = async (folder: string) =>
    (await checkBackup({ folder, crypto, signal, onProgress })).faults;

  test('new files are copied once, come back byte for byte, and the shelf knows them', async () => {
    const root = join(office.harness.data_dir, REPORTS_FOLDER);
    const mine = join(places, 'backup');
    const first_id = await issue();
    // One that is still being made is no report yet.
    const half = join(root, '20991123t010203-00000000');
    mkdirSync(half);
    const record = JSON.parse(readFileSync(join(root, first_id, 'report.json'), 'utf8'));
    const running = { ...record, id: '20991123t010203-00000000', finished_ms: null };
    writeFileSync(join(half, 'report.json'), JSON.stringify(running));
    const first = await back(mine);
    rmSync(half, { recursive: true });
    const issued = filesIn(root);
    assert.ok(issued.size >= 2 && first.new_report_bytes > 0);
    assert.deepEqual(
      first.manifest.reports.map(({ id, name }) => `${id}/${name}`),
      [...issued.keys()].sort(),
    );
    assert.equal((await back(mine)).new_report_bytes, 0);
    const second_id = await issue();
    const second = await back(mine);
    const fresh = second.manifest.reports.filter(({ id }) => id === second_id);
    assert.equal(
      second.new_report_bytes,
      fresh.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    assert.deepEqual(await faultsOf(mine), []);

    const data_dir = join(places, 'restored');
    await restoreBackup({ folder: mine, data_dir, signal, onProgress });
    const restored = join(data_dir, REPORTS_FOLDER);
    assert.deepEqual(filesIn(restored), filesIn(root));
    assert.equal(statSync(restored).mode & 0o077, 0);
    const [was, is] = [await openShelf(root, LIMITS), await openShelf(restored, LIMITS)];
    assert.deepEqual(is.list(), was.list());
    assert.equal(is.list().length, 2);
  });

  test('damage is named and stops a restore; what the store deleted stays until pruned', async () => {
    const mine = join(places, 'other');
    const root = join(office.harness.data_dir, REPORTS_FOLDER);
    const { manifest } = await back(mine);
    const [one] = manifest.reports;
    assert.ok(one !== undefined);
    const path = join(mine, 'reports', one.file);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.from(bytes).fill(0x20, 0, 1));
    assert.deepEqual(await faultsOf(mine), [
      `reports/${one.id}/${one.name} differs in part 1 of 1`,
    ]);
    const restoring = { folder: mine, data_dir: join(places, 'never'), signal, onProgress };
    await assert.rejects(restoreBackup(restoring), { code: 'BACKUP_DAMAGED' });
    const { damaged } = await restoreBackup({ ...restoring, with_damage: true });
    assert.deepEqual(damaged, [`reports/${one.id}/${one.name}`]);
    const [was, is] = [filesIn(root), filesIn(join(restoring.data_dir, REPORTS_FOLDER))];
    assert.deepEqual([...is.keys()], [...was.keys()]);
    assert.equal([...is].filter(([name, text]) => was.get(name) !== text).length, 1);
    writeFileSync(path, bytes);

    const shelf = await openShelf(root, LIMITS);
    await shelf.drop(one.id);
    const later = (await back(mine)).manifest.reports.filter(({ id }) => id === one.id);
    assert.ok(later.length > 0 && later.every(({ gone }) => gone) && existsSync(path));
    const data_dir = join(places, 'later');
    await restoreBackup({ folder: mine, data_dir, signal, onProgress });
    assert.ok(!readdirSync(join(data_dir, REPORTS_FOLDER)).includes(one.id));
    const pruned = (await back(mine, true)).manifest.reports;
    assert.ok(pruned.every(({ id }) => id !== one.id));
    assert.deepEqual(
      readdirSync(join(mine, 'reports')).sort(),
      [...new Set(pruned.map(({ file }) => file))].sort(),
    );
  });

  test('a report that the store cannot read is named and never counts as deleted', async () => {
    const mine = join(places, 'unreadable');
    const id = await issue();
    const record = join(office.harness.data_dir, REPORTS_FOLDER, id, 'report.json');
    const whole = readFileSync(record);
    assert.deepEqual((await back(mine)).unreadable, []);
    writeFileSync(record, whole.subarray(0, 20));
    const done = await back(mine, true);
    assert.deepEqual(done.unreadable, [id]);
    const kept = done.manifest.reports.filter((one) => one.id === id);
    assert.ok(kept.length > 1 && kept.every(({ gone }) => !gone));
    assert.deepEqual(await faultsOf(mine), []);
    writeFileSync(record, whole);
  });

  test('broken off while reports are copied: the former list counts, the next run goes on', async () => {
    const mine = join(places, 'broken');
    const before = (await back(mine)).manifest;
    const id = await issue();
    for (const prune of [false, true]) {
      const abort = new AbortController();
      const broken = back(mine, prune, {
        signal: abort.signal,
        onProgress: (what) => what.startsWith('reports ') && abort.abort(),
      });
      await assert.rejects(broken, { name: 'AbortError' });
      assert.deepEqual(readManifest(mine), before);
      assert.deepEqual(await faultsOf(mine), []);
    }
    const after = (await back(mine, true)).manifest.reports;
    assert.ok(after.some((one) => one.id === id));
    assert.deepEqual(await faultsOf(mine), []);
    assert.ok(!readdirSync(join(mine, 'reports')).includes('draft.new'));
  });

  test('a report that is deleted while it is copied does not stop the backup', async () => {
    const mine = join(places, 'deleted');
    const root = join(office.harness.data_dir, REPORTS_FOLDER);
    const id = await issue();
    const found = (await finishedReports(office.harness.data_dir)).files.filter(
      (one) => one.id === id,
    );
    mkdirSync(mine);
    const copying = { data_dir: office.harness.data_dir, folder: mine, signal, repair: true };
    const { reports: known } = await copyReports({ ...copying, onProgress }, found, []);
    const [first] = known;
    assert.ok(first !== undefined && known.length > 2);
    const path = join(mine, 'reports', first.file);
    const whole = readFileSync(path);
    writeFileSync(path, Buffer.from(whole).fill(0x20, 0, 1));
    const healed = await copyReports({ ...copying, onProgress }, found, known);
    assert.deepEqual(healed.again, [`${id}/${first.name}`]);
    assert.deepEqual(readFileSync(path), whole);
    // The store's file was seen, and is gone when its bytes are wanted: the next run knows.
    writeFileSync(path, Buffer.from(whole).fill(0x20, 0, 1));
    const deleting = (): void => rmSync(join(root, id), { recursive: true, force: true });
    const later = await copyReports({ ...copying, onProgress: deleting }, found, known);
    assert.deepEqual([later.reports, later.again], [known, []]);
    const last = await copyReports({ ...copying, onProgress }, [], known);
    assert.ok(last.reports.every(({ gone }) => gone));
  });

  test('a name in the list never leads out; a list of before has no reports', async () => {
    const mine = join(places, 'names');
    await back(mine);
    const list = JSON.parse(readFileSync(join(mine, MANIFEST_FILE), 'utf8'));
    const out = { ...list, reports: [{ ...list.reports[0], name: '../../log.key' }] };
    writeFileSync(join(mine, MANIFEST_FILE), JSON.stringify(out));
    await assert.rejects(back(mine), { code: 'BACKUP_DAMAGED' });
    const { reports: _, ...older } = list;
    writeFileSync(join(mine, MANIFEST_FILE), JSON.stringify(older));
    assert.deepEqual(await faultsOf(mine), []);
    assert.ok((await back(mine)).manifest.reports.length > 0);
  });
});
