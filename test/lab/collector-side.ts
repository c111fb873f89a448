import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type ApiReader, collectorUrl, startApiReader } from './api-reader.ts';
import { AGENT, inventoryYaml, SITE } from './inventory.ts';
import type { Lan } from './lan.ts';
import type { Exit, Started } from './processes.ts';
import { until } from './wait.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'lanproof.mjs');
export const NODE_LANPROOF: readonly string[] = [process.execPath, PROGRAM];
const READY_MS_MAX = 60_000;

/** A batch as the collector keeps it. */
export interface KeptBatch {
  readonly epoch: number;
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
}

/** The real collector in its own namespace, beyond the WAN. */
export class CollectorSide {
  readonly #lan: Lan;
  readonly #dir: string;
  readonly #config: string;
  #process: Started | undefined;
  #reader: ApiReader | undefined;
  /** Options of commands that speak to the collector. */
  #where: readonly string[] = [];

  constructor(lan: Lan) {
    this.#lan = lan;
    this.#dir = join(lan.dir, 'collector');
    this.#config = join(lan.dir, 'collector.yml');
    mkdirSync(this.#dir, { mode: 0o700 });
    writeFileSync(
      this.#config,
      [
        `listen: ${new URL(collectorUrl()).host}`,
        `public_url: ${collectorUrl()}`,
        `data_dir: ${this.#dir}`,
        '',
      ].join('\n'),
    );
  }

  /** What it wrote to its log. */
  get log(): string {
    return readFileSync(join(this.#lan.dir, 'collector.log'), 'utf8');
  }

  get api(): ApiReader {
    if (this.#reader === undefined) throw new Error('the collector has no site yet');
    return this.#reader;
  }

  async start(): Promise<void> {
    const [node = '', ...program] = NODE_LANPROOF;
    const args = [...program, 'collector', '--config', this.#config];
    const started = this.#lan.start('col', node, args, {
      log: join(this.#lan.dir, 'collector.log'),
    });
    this.#process = started;
    const reader = this.#reader ?? startApiReader(this.#lan, collectorUrl(), 'none');
    await until('the collector is ready', READY_MS_MAX, async () => {
      if (!started.running) throw new Error(`the collector ended: ${this.log.slice(-2000)}`);
      return (await reader.ask('/readyz')).status === 200;
    });
  }

  stop(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#process === undefined) throw new Error('it was never started');
    return this.#process.stop(signal);
  }

  /** Imports the inventory and makes the token of the agent, which is returned. */
  prepare(yaml = inventoryYaml()): string {
    const pem = readFileSync(join(this.#dir, 'tls.pem'), 'utf8');
    const ca = join(this.#lan.dir, 'ca.pem');
    writeFileSync(ca, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
    const admin = this.#token(['--role', 'admin']);
    this.#where = ['--collector', collectorUrl(), '--token', admin, '--ca', ca];
    this.importInventory(yaml);
    this.#reader = startApiReader(this.#lan, collectorUrl(), admin);
    return this.#token(['--site', SITE, '--agent', AGENT, '--approve']);
  }

  /** As a person does who changed the file; the agent hears of it with its next batch. */
  importInventory(yaml: string): void {
    const inventory = join(this.#lan.dir, 'inventory.yml');
    writeFileSync(inventory, yaml);
    this.#lanproof(['import', inventory, ...this.#where]);
  }

  /** A copy of the data directory, as a person makes it with the collector stopped. */
  copyTo(folder: string): void {
    cpSync(this.#dir, folder, { recursive: true, preserveTimestamps: true });
  }

  /** Puts an older copy in the place of what is there. */
  restoreFrom(folder: string): void {
    rmSync(this.#dir, { recursive: true });
    cpSync(folder, this.#dir, { recursive: true, preserveTimestamps: true });
  }

  /** Every batch leaf of every log, in log order. */
  keptBatches(): KeptBatch[] {
    return this.#query(
      `SELECT epoch, seq, lower(hex(hash)) AS hash FROM leaf
       WHERE site = ? AND agent = ? AND kind = 'batch' ORDER BY log, idx`,
    ) as KeptBatch[];
  }

  /** Leaves that say that something was lost or contradicts itself. */
  badLeaves(): { kind: string; epoch: number; seq: number }[] {
    return this.#query(
      `SELECT kind, epoch, seq FROM leaf
       WHERE site = ? AND agent = ? AND kind IN ('hole', 'conflict') ORDER BY log, idx`,
    ) as { kind: string; epoch: number; seq: number }[];
  }

  /** Headers of the kept batches, oldest first. */
  headers(): Record<string, unknown>[] {
    const rows = this.#query(
      'SELECT header FROM batch WHERE site = ? AND agent = ? ORDER BY epoch, seq',
    ) as { header: Uint8Array }[];
    return rows.map(({ header }) => JSON.parse(Buffer.from(header).toString('utf8')));
  }

  /** Logs and why they were closed. */
  logs(): { log: number; closed_reason: string | null }[] {
    return this.#open((db) => db.prepare('SELECT log, closed_reason FROM log').all()) as {
      log: number;
      closed_reason: string | null;
    }[];
  }

  #query(sql: string): unknown[] {
    return this.#open((db) => db.prepare(sql).all(SITE, AGENT));
  }

  #open<T>(read: (db: Database.Database) => T): T {
    const db = new Database(join(this.#dir, 'lanproof.db'), { readonly: true, timeout: 5000 });
    try {
      return read(db);
    } finally {
      db.close();
    }
  }

  #lanproof(args: readonly string[]): string {
    const [node = '', ...program] = NODE_LANPROOF;
    return this.#lan.exec('col', node, [...program, ...args]);
  }

  #token(args: readonly string[]): string {
    const said = this.#lanproof(['token', 'create', ...args, '--config', this.#config]);
    return said.trim().split('\n').at(-1) ?? '';
  }
}
