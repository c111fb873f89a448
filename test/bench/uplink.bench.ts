import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAgentApi } from '../../agent/deliver/api.ts';
import { ProofKeeper } from '../../agent/deliver/prove.ts';
import { Deliverer, IDLE_MS } from '../../agent/deliver.ts';
import { createCollectorHttp } from '../../agent/http.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { Spool } from '../../agent/spool.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type CountingProxy, openProxy } from '../support/counting-proxy.ts';
import { ModelledAgent } from '../support/modelled-agent.ts';
import { isOfficeHour, officeInventory } from '../support/office.ts';
import { type EnrolledAgent, prepareCollector } from '../support/prepared-collector.ts';
import { startCollector } from '../support/programs.ts';

const MINUTES = 1_440;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MB = 1_000_000;
const SPOOL_BYTES_MAX = 512 * 1024 * 1024;
const PLAIN = { insecure: false, proxy: undefined, tls: undefined } as const;
const crypto = createNodeCrypto();

interface Sent {
  readonly batches: number;
  readonly body_bytes: number;
  readonly header_bytes: number;
  readonly section_bytes: number;
  readonly office_body_bytes: number;
  readonly up_bytes: number;
  readonly down_bytes: number;
  readonly connections: number;
}

/**
 * One modelled day of a site of 60 devices and 5 switches, an office day and its night, through
 * the agent's own recorder, sealer, spool and delivery into a collector process.
 */
export async function bench(): Promise<{
  name: string;
  figures: Record<string, number>;
  note: string;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-uplink-'));
  try {
    const data_dir = join(folder, 'data');
    const inventory = officeInventory('socson-hq', 'large');
    const [agent] = await prepareCollector(data_dir, [inventory]);
    if (agent === undefined) throw new Error('no agent was enrolled');
    const before = folderBytes(data_dir);
    const sent = await deliverDay(folder, data_dir, agent);
    const after = folderBytes(data_dir);
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const all = [...after.keys()].reduce((sum, name) => sum + grown(name), 0);
    return {
      name: 'uplink of 60 devices + 5 switches, one day',
      figures: {
        body_mb_per_day: mb(sent.body_bytes),
        with_http_mb_per_day: mb(sent.up_bytes + sent.down_bytes),
        evidence_disk_mb_per_day: mb(all),
        database_mb_per_day: mb(grown('lanproof.db')),
        section_files_mb_per_day: mb(all - grown('lanproof.db')),
        batches: sent.batches,
        header_mb_per_day: mb(sent.header_bytes),
        sections_mb_per_day: mb(sent.section_bytes),
        office_hours_body_mb: mb(sent.office_body_bytes),
        up_mb_per_day: mb(sent.up_bytes),
        down_mb_per_day: mb(sent.down_bytes),
        connections: sent.connections,
      },
      note:
        '1,440 minutes of a working day and its night (PCs on 7:30–16:30), real batches through ' +
        "the agent's delivery (keep-alive, hourly proofs) over plain HTTP; TLS adds about 22 bytes " +
        'a record. Disk: what the data directory grew by after the collector had closed.',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Yesterday, from midnight in UTC, so that it holds one whole office day of UTC+7. */
function dayStart(): number {
  return Math.floor(Date.now() / DAY_MS - 1) * DAY_MS;
}

async function deliverDay(folder: string, data_dir: string, agent: EnrolledAgent): Promise<Sent> {
  const collector = await startCollector(data_dir);
  try {
    const proxy = await openProxy(collector.port);
    return await deliverTo(proxy, folder, agent).finally(() => proxy.close());
  } finally {
    await collector.stop();
  }
}

async function deliverTo(
  proxy: CountingProxy,
  folder: string,
  { identity, list }: EnrolledAgent,
): Promise<Sent> {
  let now_ms = dayStart();
  const monotonic_ms = (): number => now_ms;
  const real_ms = (): number => performance.now();
  const http = createCollectorHttp({ urls: [proxy.url], ...PLAIN, monotonic_ms: real_ms });
  writeHeadHint(folder, identity.origin);
  const spool = new Spool({
    ...{ dir: folder, crypto, origin: identity.origin, bytes_max: SPOOL_BYTES_MAX },
    wall_ms: monotonic_ms,
    onDisk: (state, message) => fail(`disk ${state}: ${message}`),
    onLost: fail,
  });
  const proofs = new ProofKeeper({
    ...{ api: createAgentApi(http, crypto, identity.signer), spool, identity, crypto },
    ...{ monotonic_ms, utc_ms: monotonic_ms, onTime: ignore, onLogs: ignore },
    onRewritten: () => 'open',
    onHistoryLost: fail,
  });
  const deliverer = new Deliverer({
    ...{ http, spool, identity, crypto, proofs, monotonic_ms: real_ms, utc_ms: monotonic_ms },
    ...{ random: () => 0, onTime: ignore, onListVersion: ignore, onDelivered: ignore },
    onProblem: (problem) => {
      if (problem.fatal) fail(problem);
    },
  });
  const sums = { batches: 0, body_bytes: 0, header_bytes: 0, section_bytes: 0 };
  let office_body_bytes = 0;
  const modelled = new ModelledAgent({
    ...{ site: identity.site, agent: identity.agent, signer: identity.signer, list },
    ...{ origin: identity.origin, start_ms: now_ms, seed: 7, seen: () => proofs.forHeader() },
    put(batch) {
      spool.put(batch);
      sums.batches += 1;
      sums.body_bytes += batch.body.length;
      sums.header_bytes += batch.header.length;
      for (const section of batch.sections) sums.section_bytes += section.length;
      if (isOfficeHour(now_ms - MINUTE_MS)) office_body_bytes += batch.body.length;
    },
  });
  try {
    for (let minute = 0; minute < MINUTES; minute += 1) {
      now_ms += MINUTE_MS;
      modelled.minute();
      for (let wait_ms = 0; wait_ms !== IDLE_MS; ) {
        wait_ms = await deliverer.step();
        // A connection that broke is tried again, as the agent does.
        if (wait_ms !== IDLE_MS) await sleep(wait_ms);
      }
    }
    if (spool.waiting > 0) throw new Error(`${spool.waiting} batches were not delivered`);
    const { up_bytes, down_bytes, connections } = proxy;
    return { ...sums, office_body_bytes, up_bytes, down_bytes, connections };
  } finally {
    spool.close();
    await http.close();
  }
}

/** Bytes of every file, the write-ahead log included. */
function folderBytes(folder: string): Map<string, number> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((file) => file.isFile())
      .map((file) => {
        const path = join(file.parentPath, file.name);
        return [path.slice(folder.length + 1), statSync(path).size];
      }),
  );
}

function fail(what: unknown): never {
  throw what instanceof Error ? what : new Error(String(what));
}

function ignore(): void {
  // The bench looks at bytes only.
}

function mb(bytes: number): number {
  return Math.round((bytes / MB) * 1_000) / 1_000;
}
