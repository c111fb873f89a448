import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { InjectOptions } from 'fastify';
import { buildCollector, type CollectorApp } from '../../collector/app.ts';
import { issueCredential } from '../../collector/auth/credentials.ts';
import type { CollectorDeps } from '../../collector/deps.ts';
import { openEngine } from '../../collector/engine.ts';
import type { AnchorsConfig } from '../../collector/ledger/anchors/types.ts';
import { createLogger } from '../../collector/main.ts';
import type { Role } from '../../collector/store/rows.ts';
import type { TlsMaterial } from '../../collector/tls.ts';
import { fromBase64, toBase64 } from '../../shared/bytes.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { BATCH_CONTENT_TYPE } from '../../shared/measure/protocol.ts';
import { parseTargetList } from '../../shared/measure/target-list.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { type BatchOptions, createTestAgent, type TestAgent } from '../support/batches.ts';
import { deliverTogether, type SealedBatch, TURN_BATCHES } from '../support/together.ts';

/** 2026-11-23T01:00:00Z: tests move it forward themselves. */
export const START_MS = Date.UTC(2026, 10, 23, 1, 0, 0);
/** Streams are told of the end and go; connections that are kept for later never do, ms. */
const DRAIN_MS = 500;
/** From the end of a batch's time until it is there, ms. */
const ARRIVES_MS = 500;

export interface Harness extends CollectorApp {
  readonly deps: CollectorDeps;
  readonly clock: { now_ms: number };
  readonly data_dir: string;
  /** Everything that was logged so far. */
  log(): string;
  /** The first log line with this text, parsed; an error where there is none. */
  logged(text: string): Readonly<Record<string, unknown>>;
  token(role: Role, unit?: string): Promise<string>;
  get(url: string, token?: string): Promise<Answer>;
  send(options: InjectOptions, token?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Parsed JSON; undefined for other text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at many shapes.
  readonly body: any;
}

export interface HarnessOptions {
  readonly tls?: TlsMaterial;
  readonly demo?: boolean;
  readonly web_dist?: string;
  readonly anchors?: AnchorsConfig;
  /** A data directory of which this collector begins with a copy, and the time then, UTC ms. */
  readonly copy_of?: { readonly data_dir: string; readonly now_ms: number };
}

/** A collector's app over a real store and ledger in a temporary folder. */
export async function openHarness(options: HarnessOptions = {}): Promise<Harness> {
  const data_dir = mkdtempSync(join(tmpdir(), 'lanproof-app-'));
  const { copy_of } = options;
  if (copy_of !== undefined) cpSync(copy_of.data_dir, data_dir, { recursive: true });
  const clock = { now_ms: copy_of?.now_ms ?? START_MS };
  const now_ms = () => clock.now_ms;
  const mono_ms = () => clock.now_ms - START_MS;
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
  let logged = '';
  const sink = new Writable({
    write(chunk, _, done) {
      logged += String(chunk);
      done();
    },
  });
  const logger = createLogger('trace', sink);
  const crypto = createNodeCrypto();
  const clocks = { now_ms, mono_ms, random, crypto };
  const { anchors = { rfc3161: [], witnesses: [] } } = options;
  const engine = await openEngine({ ...clocks, data_dir, logger, origin: 'demo', anchors });
  const deps: CollectorDeps = {
    ...engine.deps,
    tls_spki: options.tls?.spki_sha256 ?? null,
    software: '0.1.0-test',
    demo: options.demo ?? false,
  };
  const built = await buildCollector(deps, {
    tls: options.tls,
    trust_proxy: false,
    ...(options.web_dist === undefined ? {} : { web_dist: options.web_dist }),
  });
  await built.app.ready();
  const send = async (request: InjectOptions, token?: string): Promise<Answer> => {
    const auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { ...auth, ...request.headers };
    const response = await built.app.inject({ ...request, headers });
    const json = String(response.headers['content-type'] ?? '').includes('json');
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: json && response.body !== '' ? JSON.parse(response.body) : undefined,
    };
  };
  return {
    ...built,
    deps,
    clock,
    data_dir,
    log: () => logged,
    logged(text) {
      const line = logged.split('\n').find((found) => found.includes(text));
      if (line === undefined) throw new Error(`nothing was logged of ${text}`);
      return JSON.parse(line);
    },
    async token(role, unit) {
      const wanted = { kind: 'api', role, unit: unit ?? null, label: '', by: 'test' } as const;
      return (await issueCredential(deps, wanted)).secret;
    },
    get: (url, token) => send({ method: 'GET', url }, token),
    send,
    async close() {
      // As at the end of the program: nobody waits for a client that keeps its connection.
      const timer = setTimeout(() => built.app.server.closeAllConnections(), DRAIN_MS);
      await built.app.close();
      clearTimeout(timer);
      await engine.close();
      rmSync(data_dir, { recursive: true, force: true });
    },
  };
}

/** One site with each kind of device that the roles treat differently. */
export function inventoryYaml(site: string, unit: string, parent?: string): string {
  const under = parent === undefined ? '' : `, parent: ${parent}`;
  return `unit: { code: ${unit}, name: "Xã ${unit}"${under} }
site:
  code: ${site}
  name: "Trụ sở ${site}"
  contact: { name: "Nguyễn Văn A", phone: "0901234567" }
agents: [{ code: do-1, attached: { device: sw-core, port: "4" } }]
devices:
  - { code: gw, name: "Bộ định tuyến", kind: gateway, address: 10.77.0.1, powered_by: mains }
  - { code: sw-core, name: "Switch lõi", kind: switch, address: 10.77.0.2, attached: { device: gw, port: "1" } }
  - { code: may-in, name: "Máy in", kind: printer, address: 10.77.0.20, attached: { device: sw-core } }
  - { code: pc-1, name: "=cmd()", kind: pc, address: 10.77.0.31, groups: [mot-cua], attached: { device: sw-core } }
  - { code: pc-2, name: "PC 2", kind: pc, address: 10.77.0.32, groups: [mot-cua], attached: { device: sw-core } }
`;
}

/** Imports the inventory of `inventoryYaml` with an administrator's token. */
export async function importSite(
  harness: Harness,
  site: string,
  unit: string,
  parent?: string,
): Promise<Answer> {
  const admin = await harness.token('admin');
  return harness.send(
    {
      method: 'PUT',
      url: `/api/v1/sites/${site}/inventory`,
      headers: { 'content-type': 'application/yaml' },
      payload: inventoryYaml(site, unit, parent),
    },
    admin,
  );
}

/** Enrols the site's first agent over HTTP; it measures from START_MS on. */
export async function enrolTestAgent(harness: Harness, site: string): Promise<TestAgent> {
  const admin = await harness.token('admin');
  const url = `/api/v1/sites/${site}/enrol-tokens`;
  const made = await harness.send({ method: 'POST', url, payload: { approve: true } }, admin);
  const code: string = made.body.agent;
  const agent = createTestAgent({ site, agent: code, start_ms: START_MS });
  const payload = {
    token: made.body.token,
    public_key: toBase64(agent.signer.publicKey),
    software: '0.1.0',
  };
  await harness.send({ method: 'POST', url: '/api/v1/agents/enrol', payload });
  const { store, ledger } = harness.deps;
  const [row, targets] = [await store.agent(site, code), await store.targets(site, code)];
  if (row === null || targets === null) throw new Error('the agent was not enrolled');
  agent.list = parseTargetList(fromBase64(parseEnvelope(targets.envelope).payload));
  agent.listHash = toBase64(targets.hash);
  agent.prev = row.hash;
  agent.origin = ledger.checkpoint().origin;
  return agent;
}

/** A batch that is delivered half a second after its last slot, or now where that is over. */
function sealNext(harness: Harness, agent: TestAgent, options: BatchOptions): SealedBatch {
  const { body } = agent.next(options);
  harness.clock.now_ms = Math.max(harness.clock.now_ms, agent.at_ms + ARRIVES_MS);
  return { body, recv_ms: harness.clock.now_ms };
}

/** Measures and delivers `minutes` batches over HTTP; the collector's clock goes along. */
export async function measure(
  harness: Harness,
  agent: TestAgent,
  minutes: number,
  options: BatchOptions = {},
): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    const { body } = sealNext(harness, agent, options);
    const answer = await deliver(harness, body);
    if (answer.status !== 200) throw new Error(answer.text);
  }
}

/**
 * As `measure`, with the same times, but many batches go into ingest at once: one after another
 * each would wait for the turn of live batches. For long set-ups; `options` is asked before each.
 */
export async function measureTogether(
  harness: Harness,
  agent: TestAgent,
  batches: number,
  options: (batch: number) => BatchOptions = () => ({}),
): Promise<void> {
  let sealed: SealedBatch[] = [];
  for (let batch = 0; batch < batches; batch++) {
    sealed.push(sealNext(harness, agent, options(batch)));
    if (sealed.length < TURN_BATCHES && batch < batches - 1) continue;
    await deliverTogether(harness.deps.ingest, sealed);
    sealed = [];
  }
}

/** A collector that has measured an hour of one office, and who asks it. */
export interface MeasuredOffice {
  readonly harness: Harness;
  readonly viewer: string;
  readonly operator: string;
}

/** `socson-hq` from 01:00 to 02:00: only its gateway is down, from 01:30 to 01:32. */
export async function openMeasuredOffice(): Promise<MeasuredOffice> {
  const harness = await openHarness();
  await importSite(harness, 'socson-hq', 'xa-soc-son');
  const agent = await enrolTestAgent(harness, 'socson-hq');
  await measureTogether(harness, agent, 60, (minute) =>
    minute === 30 || minute === 31 ? { codes: { 0: 'n60' } } : {},
  );
  const [viewer, operator] = [await harness.token('viewer'), await harness.token('operator')];
  return { harness, viewer, operator };
}

export function deliver(harness: Harness, body: Uint8Array, type = BATCH_CONTENT_TYPE) {
  return harness.send({
    method: 'POST',
    url: '/api/v1/batches',
    headers: { 'content-type': type },
    payload: Buffer.from(body),
  });
}
