import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { buildCollector } from '../../collector/app.ts';
import { issueCredential } from '../../collector/auth/credentials.ts';
import { DATABASE_FILE } from '../../collector/store/sqlite/sqlite-store.ts';
import { rebuildAll } from '../../deploy/cli/rebuild/rebuild-all.ts';
import {
  BEGIN_MS,
  END_MS,
  HOURS_SITE,
  LATE_SITE,
  makeJudgedData,
  openAt,
  POLLED_SITE,
} from '../support/judged-data.ts';

/**
 * Every table stands on one side. What figures are made of: the log, what was leafed, and the
 * lists that headers name by the hash of a leafed document.
 */
const LEDGER = ['log', 'leaf', 'tile', 'checkpoint', 'document', 'batch', 'targets'];
/** What no figure reads: who may sign in, how agents are reached, what inventories say now. */
const NO_FIGURES = [
  ...['agent', 'unit', 'site', 'salt', 'enrol_token', 'enrolment', 'credential', 'audit'],
  ...['lease', 'outbox', 'migration'],
];
/** Judgement: all of it comes back from the ledger. */
const JUDGEMENT = [
  ...['judge_state', 'judge_progress', 'judge_fault', 'interval', 'expected', 'chunk'],
  ...['seen', 'day', 'day_leaf', 'series_kept', 'series_day'],
];
/** Of those without figures, what requests need to find a site and to be let in. */
const ASKED_WITH = ['agent', 'unit', 'site', 'credential', 'migration'];

const HOUR_MS = 3_600_000;
const time = (ms: number): string => new Date(ms).toISOString();

describe('all that is not ledger can go', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-ledger-'));
  const data = join(folder, 'data');
  before(async () => {
    await makeJudgedData({
      data_dir: data,
      whileOpen: async ({ deps }) => {
        const wanted = { kind: 'api', role: 'admin', unit: null, label: '' } as const;
        token = (await issueCredential(deps, { ...wanted, by: 'test' })).secret;
      },
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  let token = '';

  const copyWithout = (name: string, tables: readonly string[]): string => {
    const dir = join(folder, name);
    cpSync(data, dir, { recursive: true });
    const db = new Database(join(dir, DATABASE_FILE));
    db.pragma('foreign_keys = OFF');
    for (const table of tables) db.exec(`DELETE FROM ${table}`);
    db.close();
    return dir;
  };
  const rebuild = async (dir: string): Promise<void> => {
    const io = { out: () => undefined, err: () => undefined, env: {} };
    const { signal } = new AbortController();
    const task = { data_dir: dir, site: undefined, io, signal, now_ms: () => END_MS };
    assert.equal(await rebuildAll(task), 0);
  };

  test('every table is on one side', () => {
    const db = new Database(join(data, DATABASE_FILE), { readonly: true });
    const names = db
      .prepare<[], string>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
      )
      .pluck()
      .all();
    db.close();
    assert.deepEqual(names.sort(), [...LEDGER, ...NO_FIGURES, ...JUDGEMENT].sort());
  });

  test('the API answers the same after a rebuild as before', async () => {
    const expected = await answers(data, token);
    assert.ok(JSON.stringify(expected).includes('"cause"'), 'there were incidents');
    const gone = NO_FIGURES.filter((table) => !ASKED_WITH.includes(table));
    const dir = copyWithout('judgement', [...JUDGEMENT, ...gone]);
    await rebuild(dir);
    assert.deepEqual(await answers(dir, token), expected);
    // The collector does it by itself, too.
    assert.deepEqual(await answers(copyWithout('self', JUDGEMENT), token), expected);
  });

  test('figures are those of the ledger alone', async () => {
    const expected = await judged(data);
    const dir = copyWithout(
      'alone',
      [...JUDGEMENT, ...NO_FIGURES].filter((table) => table !== 'migration'),
    );
    await rebuild(dir);
    assert.deepEqual(await judged(dir), expected);
  });
});

/** What people are shown of both sites: figures, incidents and slots. */
async function answers(data_dir: string, token: string): Promise<Record<string, unknown>> {
  const engine = await openAt(data_dir);
  const deps = { ...engine.deps, tls_spki: null, software: 'test', demo: false };
  const built = await buildCollector(deps, { tls: undefined, trust_proxy: false });
  const found: Record<string, unknown> = {};
  try {
    for (const site of [HOURS_SITE, LATE_SITE, POLLED_SITE]) {
      const from_ms = site === POLLED_SITE ? END_MS - 2 * HOUR_MS : BEGIN_MS;
      const period = `from=${time(from_ms)}&to=${time(END_MS)}`;
      const paths = [
        `availability?hours=working&${period}`,
        `availability?hours=all&${period}`,
        `availability?hours=all&from=${time(from_ms + HOUR_MS / 2)}&to=${time(END_MS)}`,
        `incidents?${period}`,
        ...['gw-1', 'sw-2', 'camera-1', 'pc-2'].map((code) => `slots?device=${code}&${period}`),
      ];
      for (const path of paths) {
        const answer = await built.app.inject({
          url: `/api/v1/sites/${site}/${path}`,
          headers: { authorization: `Bearer ${token}` },
        });
        assert.equal(answer.statusCode, 200, `${path}: ${answer.body}`);
        found[`${site} ${path}`] = answer.json();
      }
    }
  } finally {
    built.drain();
    await built.app.close();
    await engine.close();
  }
  return found;
}

async function judged(data_dir: string): Promise<unknown[]> {
  const engine = await openAt(data_dir);
  try {
    const { judge } = engine.deps;
    const sites = [HOURS_SITE, LATE_SITE, POLLED_SITE];
    return [
      ...(await Promise.all(sites.map((site) => judge.judged(site, BEGIN_MS, END_MS)))),
      await judge.dayRows(sites, BEGIN_MS, END_MS, 'all'),
      await judge.dayRows(sites, BEGIN_MS, END_MS, 'working'),
    ];
  } finally {
    await engine.close();
  }
}
