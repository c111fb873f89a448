import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { AgentClock } from './agent-clock.ts';
import type { AgentDisk } from './agent-disk.ts';
import { collectorUrl } from './api-reader.ts';
import { type KeptBatch, NODE_LANPROOF } from './collector-side.ts';
import type { Lan } from './lan.ts';
import type { Exit, Started } from './processes.ts';
import { run } from './shell.ts';
import { LAN_PREFIX, SNMP_COMMUNITY } from './topology.ts';

const SECRET_MODE = 0o600;

export interface AgentOptions {
  readonly clock?: AgentClock;
  readonly disk?: AgentDisk;
  /** Networks that it may probe besides its own. */
  readonly allow?: readonly string[];
}

/** What the spool of an agent that has ended holds. */
export interface SpoolContent {
  readonly batches: readonly KeptBatch[];
  /** Newest seq that the collector acknowledged, as the agent noted it with its last batch. */
  readonly sent_to: number;
}

/** The real agent on its box in the LAN: real clock or steered one, real disk or a small one. */
export class AgentSide {
  readonly #lan: Lan;
  readonly #options: AgentOptions;
  readonly #config: string;
  readonly #boot: string;
  #process: Started | undefined;

  constructor(lan: Lan, options: AgentOptions = {}) {
    this.#lan = lan;
    this.#options = options;
    this.#config = join(lan.dir, 'agent.yml');
    this.#boot = join(lan.dir, 'boot-id');
    const secrets = join(lan.dir, 'secrets');
    mkdirSync(secrets, { mode: 0o700 });
    writeFileSync(join(secrets, 'ro-community'), SNMP_COMMUNITY, { mode: SECRET_MODE });
    writeFileSync(
      this.#config,
      [
        `collector: ${collectorUrl()}`,
        `state_dir: ${this.state_dir}`,
        `secrets_dir: ${secrets}`,
        `allow: [${[`${LAN_PREFIX}0/24`, ...(options.allow ?? [])].join(', ')}]`,
        'log: { level: debug }',
        '',
      ].join('\n'),
    );
    this.reboot();
  }

  get state_dir(): string {
    return join(this.#options.disk?.mount_point ?? this.#lan.dir, 'agent-state');
  }

  get log(): string {
    const path = join(this.#lan.dir, 'agent.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  get process(): Started {
    if (this.#process === undefined) throw new Error('the agent was never started');
    return this.#process;
  }

  /** The kernel's boot id, as the agent sees it from its next start on. */
  get boot_id(): string {
    return readFileSync(this.#boot, 'utf8').trim();
  }

  /** The next start is one after a boot. */
  reboot(): void {
    writeFileSync(this.#boot, `${randomUUID()}\n`);
  }

  enrol(token: string): void {
    const args = ['--collector', collectorUrl(), '--token', token, '--state', this.state_dir];
    const [shell = '', ...words] = this.#machine(['enrol', ...args]);
    this.#lan.exec('agent', shell, words);
  }

  start(): void {
    if (this.#process?.running === true) throw new Error('the agent runs already');
    const [shell = '', ...words] = this.#machine(['agent', '--config', this.#config]);
    this.#process = this.#lan.start('agent', shell, words, {
      log: join(this.#lan.dir, 'agent.log'),
      ...(this.#options.clock === undefined ? {} : { env: this.#options.clock.env }),
    });
  }

  stop(signal: NodeJS.Signals): Promise<Exit> {
    return this.process.stop(signal);
  }

  /** Reads the spool after the agent has ended; a copy of it, so that nothing is changed. */
  spool(): SpoolContent {
    return this.#readSpool((db) => {
      const sql = 'SELECT epoch, seq, lower(hex(hash)) AS hash FROM batch ORDER BY epoch, seq';
      const sent = db
        .prepare("SELECT max(CAST(value AS INTEGER)) FROM meta WHERE key LIKE 'sent_to/%'")
        .pluck()
        .get();
      return { batches: db.prepare(sql).all() as KeptBatch[], sent_to: Number(sent ?? 0) };
    });
  }

  /** Every batch of an agent that has ended, as it was sent, oldest first. */
  bodies(): Uint8Array[] {
    return this.#readSpool(
      (db) =>
        db.prepare('SELECT body FROM batch ORDER BY epoch, seq').pluck().all() as Uint8Array[],
    );
  }

  #readSpool<T>(read: (db: Database.Database) => T): T {
    const copy = join(this.#lan.dir, 'spool-copy');
    mkdirSync(copy, { recursive: true });
    const { disk } = this.#options;
    if (disk === undefined) this.#copySpool(this.state_dir, copy);
    else {
      const lines = `${disk.mountLine} && cp ${this.state_dir}/spool.db* ${copy}`;
      run('unshare', ['-m', 'sh', '-c', lines]);
    }
    const db = new Database(join(copy, 'spool.db'));
    try {
      return read(db);
    } finally {
      db.close();
    }
  }

  #copySpool(from: string, to: string): void {
    for (const name of ['spool.db', 'spool.db-wal']) {
      if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
    }
  }

  /**
   * A command line on the agent's box: `ip netns exec` gives each process its own mounts, so the
   * boot id and the small disk are laid over the machine's for this process alone.
   */
  #machine(args: readonly string[]): string[] {
    const mounts = [
      `mount --bind ${this.#boot} /proc/sys/kernel/random/boot_id`,
      ...(this.#options.disk === undefined ? [] : [this.#options.disk.mountLine]),
    ];
    return ['sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh', ...NODE_LANPROOF, ...args];
  }
}
