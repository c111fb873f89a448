import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { lockDataDir } from '../../../../collector/store/sqlite/data-lock.ts';
import { checkAll } from '../../../../deploy/cli/rebuild/check-all.ts';
import { rebuildAll } from '../../../../deploy/cli/rebuild/rebuild-all.ts';
import {
  END_MS,
  HOURS,
  HOURS_SITE,
  keepHistory,
  LATE_SITE,
  makeJudgedData,
  openAt,
  POLLED_SITE,
} from '../../../support/judged-data.ts';
import { type Ran, ran } from '../cli-kit.ts';
import { DATABASE, TAMPERINGS, tamper } from './tamper.ts';

/** Tables whose rows `--check` compares, and those that `--history` adds. */
const COMPARED = ['judge_state', 'interval', 'expected', 'seen', 'chunk', 'day'];
const HISTORY = ['series_kept', 'series_day'];

/**
 * Before the first state is stored, before and after days are judged, after a second start, and
 * when a day was judged without what a site owes.
 */
const KILL_HOURS = [0, 3, 12, 17, 30, 33, 37, 50, 61, HOURS];

describe('lanproof rebuild', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-rebuild-'));
  const data = join(folder, 'data');
  const killed = join(folder, 'killed');
  const killedAt = (hour: number): string => join(folder, `killed-${hour}`);
  let beside: Ran | undefined;
  let copies = 0;
  const copyOfData = (): string => {
    copies += 1;
    const copy = join(folder, `copy-${copies}`);
    cpSync(data, copy, { recursive: true });
    return copy;
  };
  const check = (dir: string, ...more: string[]): Promise<Ran> =>
    ran(['rebuild', '--check', '--data', dir, ...more]);
  /** As the command does, with the clock of the data. */
  const rebuild = async (dir: string): Promise<string[]> => {
    const lines: string[] = [];
    const say = (line: string) => void lines.push(line);
    const io = { out: say, err: say, env: {} };
    const { signal } = new AbortController();
    const task = { data_dir: dir, site: undefined, io, signal, now_ms: () => END_MS };
    assert.equal(await rebuildAll(task), 0);
    return lines;
  };
  before(async () => {
    await makeJudgedData({
      data_dir: data,
      // What kill -9 would leave at this moment: nothing is stored on the way out.
      atHour(hour) {
        if (KILL_HOURS.includes(hour)) cpSync(data, killedAt(hour), { recursive: true });
      },
      async whileOpen() {
        cpSync(data, killed, { recursive: true });
        beside = await check(data);
      },
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('--check is clean after a clean end, after a kill and beside a collector', async () => {
    assert.match((await check(killedAt(HOURS), '--site', LATE_SITE)).out, /day 2/);
    for (const found of [beside, await check(data), await check(killed)]) {
      assert.equal(found?.code, 0, `${found?.out}\n${found?.err}`);
      for (const table of COMPARED) assert.match(found?.out ?? '', new RegExp(`${table} \\d`));
      for (const table of HISTORY) assert.ok(!found?.out.includes(table), found?.out);
      assert.match(found?.out ?? '', /3 sites: \d+ rows compared, no difference/);
    }
    const { code, out } = await check(data, '--history');
    assert.equal(code, 0, out);
    for (const table of [...COMPARED, ...HISTORY]) assert.match(out, new RegExp(`${table} \\d`));
    const one = await check(data, '--site', POLLED_SITE);
    assert.equal(one.code, 0);
    assert.ok(!one.out.includes(HOURS_SITE), one.out);
  });

  for (const hour of KILL_HOURS) {
    test(`--check is clean after a kill in hour ${hour}`, async () => {
      const { code, out } = await check(killedAt(hour), '--history');
      assert.equal(code, 0, out);
      if (hour > 0) assert.match(out, /interval \d/);
    });
  }

  test('--check writes nothing to the data and leaves no folder behind', async () => {
    const files = ['lanproof.db', 'lanproof.db-wal'].map((name) => join(killed, name));
    const before = files.map((file) => readFileSync(file));
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = temporary;
    try {
      assert.equal((await check(killed)).code, 0);
      const io = { out: () => undefined, err: () => undefined, env: {} };
      const now_ms = (): number => END_MS;
      const signal = AbortSignal.abort();
      const task = { data_dir: killed, site: undefined, io, signal, now_ms, history: false };
      await assert.rejects(checkAll(task), { name: 'AbortError' });
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
    assert.deepEqual(readdirSync(temporary), []);
    for (const [at, file] of files.entries()) {
      assert.ok(before[at]?.equals(readFileSync(file)), `${file} was changed`);
    }
  });

  for (const { name, change, named, history } of TAMPERINGS) {
    test(`a changed row is named: ${name}`, async () => {
      const dir = copyOfData();
      tamper(dir, change);
      if (history === true) assert.equal((await check(dir)).code, 0);
      const { code, out, err } = await check(dir, ...(history === true ? ['--history'] : []));
      assert.equal(code, 1, out);
      assert.match(out, named);
      assert.match(err, /lanproof rebuild/);
      rmSync(dir, { recursive: true });
    });
  }

  test('all of it is mended by a rebuild, which the check agrees with', async () => {
    const dir = copyOfData();
    for (const { change } of TAMPERINGS) {
      // Some of them take away what others would change.
      tamper(dir, (db) => void db.transaction(() => attempt(() => change(db)))());
    }
    assert.equal((await check(dir)).code, 1);
    const said = await rebuild(dir);
    assert.deepEqual(said.slice(-4), [
      `${POLLED_SITE}: rebuilt`,
      `${HOURS_SITE}: rebuilt`,
      `${LATE_SITE}: rebuilt`,
      '3 sites rebuilt',
    ]);
    const mended = await check(dir);
    assert.equal(mended.code, 0, mended.out);
    // Neither told again to viewers nor forgotten: as the clean end left it.
    const clean = await check(data);
    assert.equal(mended.out, clean.out);
    // History is gone with the slots that it was made of; a collector makes the same again.
    assert.ok(!(await check(dir, '--history')).out.includes('series_'));
    const engine = await openAt(dir);
    await keepHistory(engine.deps.store);
    await engine.close();
    const again = await check(dir, '--history');
    assert.equal(again.code, 0, again.out);
    assert.equal(again.out, (await check(data, '--history')).out);
  });

  test('no more than 20 differences of a site are told', async () => {
    const dir = copyOfData();
    tamper(dir, (db) => void db.exec(`UPDATE chunk SET body = x'00' WHERE site = '${HOURS_SITE}'`));
    const { code, out } = await check(dir);
    assert.equal(code, 1);
    assert.equal(out.match(/^ {2}chunk do-1 /gm)?.length, 20);
    assert.match(out, /^ {2}and \d+ more$/m);
  });

  test('beside a collector nothing is rebuilt, with the fix', async () => {
    const lock = lockDataDir(data);
    try {
      const { code, err } = await ran(['rebuild', '--data', data]);
      assert.equal(code, 1);
      assert.match(err, /^DATA_DIR_IN_USE: .*a collector works.*\n {2}fix: stop it/);
      assert.equal((await check(data)).code, 0);
    } finally {
      lock.release();
    }
  });

  test('used wrongly: 2, with what is known', async () => {
    const unknown = await check(data, '--site', 'nowhere');
    assert.equal(unknown.code, 2);
    assert.ok(unknown.err.includes(HOURS_SITE), unknown.err);
    assert.equal((await check(data, '--chek')).code, 2);
    assert.equal((await ran(['rebuild', '--history', '--data', data])).code, 2);
    assert.equal((await ran(['rebuild', '--data', data, '--config', 'x.yml'])).code, 2);
    for (const words of [['rebuild'], ['rebuild', '--check']]) {
      const { code, err } = await ran([...words, '--data', join(folder, 'nothing')]);
      assert.equal(code, 1);
      assert.match(err, /^NO_STORE: /);
    }
    assert.ok(!readdirSync(folder).includes('nothing'), 'no folder was made');
  });

  test('a store of another version is refused with the fix', async () => {
    const dir = copyOfData();
    tamper(dir, (db) => void db.exec('DELETE FROM migration WHERE version > 1'));
    const { code, err } = await check(dir);
    assert.equal(code, 1);
    assert.match(err, /^STORE_OTHER_VERSION: .*\n {2}fix: start the collector/);
    assert.ok(readFileSync(join(dir, DATABASE)).length > 0);
  });
});

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    return;
  }
}
