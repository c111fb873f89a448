/** Changes of judgement behind the program's back: one for each table and each wide column. */
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { HOURS_SITE, POLLED_SITE } from '../../../support/judged-data.ts';

export const DATABASE = 'lanproof.db';

type Change = (db: Database.Database) => void;

export function tamper(data_dir: string, change: Change): void {
  const db = new Database(join(data_dir, DATABASE));
  try {
    change(db);
  } finally {
    db.close();
  }
}

interface Tampering {
  readonly name: string;
  readonly change: Change;
  /** What the report must say. */
  readonly named: RegExp;
  /** Only `--history` looks at it. */
  readonly history?: true;
}

const ISO = '\\d{4}-\\d{2}-\\d{2}T[\\d:.]+Z';

function sql(text: string): Change {
  return (db) => {
    const { changes } = db.prepare(text).run();
    if (changes !== 1) throw new Error(`${changes} rows were changed by ${text}`);
  };
}

/** Changes the JSON in a wide column of the second judged day. */
function inDay(column: string, edit: (value: unknown) => void): Change {
  return (db) => {
    const where = `WHERE site = ? ORDER BY day_ms LIMIT 1 OFFSET 1`;
    const row = db
      .prepare<[string], { id: number; cell: Buffer }>(
        `SELECT day_ms AS id, ${column} AS cell FROM day ${where}`,
      )
      .get(HOURS_SITE);
    if (row === undefined) throw new Error('no second day was judged');
    const value: unknown = JSON.parse(inflateRawSync(row.cell).toString());
    edit(value);
    const packed = deflateRawSync(Buffer.from(JSON.stringify(value)));
    db.prepare(`UPDATE day SET ${column} = ? WHERE site = ? AND day_ms = ?`).run(
      packed,
      HOURS_SITE,
      row.id,
    );
  };
}

function chunkRun(db: Database.Database): void {
  const row = db
    .prepare<[string], { hour_ms: number; body: Buffer }>(
      'SELECT hour_ms, body FROM chunk WHERE site = ? ORDER BY hour_ms LIMIT 1 OFFSET 3',
    )
    .get(HOURS_SITE);
  const chunk = JSON.parse(row?.body.toString() ?? '');
  // A run is [offset_s, interval_s, slots, class, code, batch].
  chunk.groups[0].r[0][2] -= 1;
  db.prepare('UPDATE chunk SET body = ? WHERE site = ? AND hour_ms = ?').run(
    Buffer.from(JSON.stringify(chunk)),
    HOURS_SITE,
    row?.hour_ms,
  );
}

function first(value: unknown): Record<string, unknown> {
  const [one] = Object.values(Object(value));
  return one as Record<string, unknown>;
}

const DOWN = `rowid_of AS (SELECT device, agent, from_ms FROM interval WHERE site = '${HOURS_SITE}'
  AND state = 'down' ORDER BY from_ms LIMIT 1)`;
const IS_DOWN = `site = '${HOURS_SITE}' AND (device, agent, from_ms) IN rowid_of`;

export const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'a state',
    change: sql(`WITH ${DOWN} UPDATE interval SET state = 'degraded' WHERE ${IS_DOWN}`),
    named: new RegExp(`interval \\S+ ${ISO} state: kept "degraded", recomputed "down"`),
  },
  {
    name: 'the bound of an outage',
    change: sql(`WITH ${DOWN} UPDATE interval SET earliest_ms = 1 WHERE ${IS_DOWN}`),
    named: new RegExp(`interval \\S+ ${ISO} earliest_ms: kept 1, recomputed \\d+`),
  },
  {
    name: 'an outage that is gone',
    change: sql(`WITH ${DOWN} DELETE FROM interval WHERE ${IS_DOWN}`),
    named: new RegExp(`interval \\S+ ${ISO}: kept nothing, recomputed .*"down"`),
  },
  {
    name: 'an outage that never was',
    change: sql(
      `INSERT INTO interval SELECT site, device, agent, from_ms + 1, to_ms, 'down', NULL, NULL
        FROM interval WHERE site = '${HOURS_SITE}' AND state = 'up' ORDER BY from_ms LIMIT 1`,
    ),
    named: new RegExp(`interval \\S+ ${ISO}: kept .*"down".*, recomputed nothing`),
  },
  {
    name: 'a window',
    change: sql(`UPDATE expected SET interval_ms = 2000 WHERE site = '${HOURS_SITE}'
      AND device = 'gw-1'`),
    named: new RegExp(`expected gw-1 ${ISO} interval_ms: kept 2000, recomputed 1000`),
  },
  {
    name: 'slots of an hour',
    change: chunkRun,
    named: new RegExp(`chunk \\S+ ${ISO} runs\\..*: kept \\d+, recomputed \\d+`),
  },
  {
    name: 'slots that cannot be read',
    change: (db) => void db.exec(`UPDATE chunk SET body = x'00' WHERE site = '${POLLED_SITE}'`),
    named: new RegExp(`chunk do-1 ${ISO} unreadable: kept`),
  },
  {
    name: 'a fact',
    change: sql(`UPDATE seen SET body = json_set(body, '$.what', 'nothing') WHERE (site, key) IN
      (SELECT site, key FROM seen WHERE site = '${POLLED_SITE}' ORDER BY key LIMIT 1)`),
    named: /seen \S+ .*seen\.what: kept "nothing", recomputed "/,
  },
  {
    name: 'the end of a day',
    change: sql(`UPDATE day SET end_ms = end_ms - 1 WHERE (site, day_ms) IN
      (SELECT site, day_ms FROM day WHERE site = '${HOURS_SITE}' ORDER BY day_ms LIMIT 1)`),
    named: new RegExp(`day ${ISO} end_ms: kept \\d+9, recomputed \\d+0`),
  },
  {
    name: 'an interval of a day',
    change: inDay('intervals', (value) => Object.assign(first(value), { state: 'off' })),
    named: new RegExp(`day \\S+ ${ISO} intervals\\[0\\]\\.state: kept "off", recomputed "`),
  },
  {
    name: 'an incident of a day',
    change: inDay('incidents', (value) => Object.assign(first(value), { cause: 'wan' })),
    named: new RegExp(`day \\S+ ${ISO} incidents\\[0\\]\\.cause: kept "wan", recomputed "`),
  },
  {
    name: 'a finding of a day',
    change: inDay('findings', (value) => (value as unknown[]).push({ what: 'invented' })),
    named: new RegExp(`day ${ISO} findings\\[\\d+\\]: kept .*invented.*, recomputed nothing`),
  },
  {
    name: 'what a day hands on',
    change: inDay('carry', (value) => Object.assign(Object(value), { at_ms: 5 })),
    named: new RegExp(`day ${ISO} carry\\.at_ms: kept 5, recomputed \\d+`),
  },
  ...(['sums_all', 'sums_working'] as const).map((column) => ({
    name: `the ${column} of a day`,
    change: sql(`UPDATE day SET ${column} = json_set(${column}, '$[1]', 7) WHERE (site, day_ms) IN
      (SELECT site, day_ms FROM day WHERE site = '${HOURS_SITE}' ORDER BY day_ms DESC LIMIT 1)`),
    named: new RegExp(`day ${ISO} ${column}\\.site\\.\\S+: kept \\d+, recomputed \\d+`),
  })),
  {
    name: 'a day that is gone',
    change: sql(`DELETE FROM day WHERE (site, day_ms) IN
      (SELECT site, day_ms FROM day WHERE site = '${HOURS_SITE}' ORDER BY day_ms LIMIT 1)`),
    named: new RegExp(`day ${ISO}: kept nothing, recomputed `),
  },
  {
    name: 'the state of the judge',
    change: sql(`UPDATE judge_state SET state = json_set(state, '$.agents."do-1".discarded', 99)
      WHERE site = '${HOURS_SITE}'`),
    named: /judge_state state\.agents\.do-1\.discarded: kept 99, recomputed 0/,
  },
  {
    name: 'a fault that never was',
    change: sql(`INSERT INTO judge_fault SELECT site, log, leaf, 'X', 'x', 0 FROM judge_state
      WHERE site = '${HOURS_SITE}'`),
    named: /judge_fault log 1 leaf \d+: kept .*"X".*, recomputed nothing/,
  },
  {
    name: 'history of a device',
    change: sql(`UPDATE series_day SET body = x'0011' WHERE (site, device, day_ms) IN
      (SELECT site, device, day_ms FROM series_day ORDER BY site, device, day_ms LIMIT 1)`),
    named: new RegExp(`series_day \\S+ ${ISO} body: kept 2 bytes 0011…, recomputed \\d+ bytes`),
    history: true,
  },
  {
    name: 'a day of history that is gone',
    change: sql(`DELETE FROM series_kept WHERE (site, agent, day_ms) IN
      (SELECT site, agent, day_ms FROM series_kept ORDER BY site, agent, day_ms LIMIT 1)`),
    named: new RegExp(`series_kept do-1 ${ISO}: kept nothing, recomputed `),
    history: true,
  },
];
