import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { toBase64 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import { describeProblem } from '../shared/node/config-error.ts';
import { createNodeCrypto } from '../shared/node/crypto.ts';
import { buildCollector, type CollectorApp } from './app.ts';
import { isFirstRun, issueCredential, SIGN_IN_VALID_MS } from './auth/credentials.ts';
import type { CollectorConfig } from './config.ts';
import { type Engine, openEngine } from './engine.ts';
import { startJobs } from './jobs.ts';
import { type AnchorJobsOptions, anchorPlans, startAnchorJobs } from './ledger/anchors/jobs.ts';
import { pruneBodies } from './ledger/retention.ts';
import { lockDataDir } from './store/sqlite/data-lock.ts';
import { certificateNames, checkExposure, loadTls, type TlsMaterial } from './tls.ts';

/** Requests under way get this long to end; then their sockets are closed. */
export const DRAIN_TIMEOUT_MS = 5_000;

export interface RunOptions {
  readonly config: CollectorConfig;
  readonly software: string;
  /** Ends the collector. */
  readonly signal: AbortSignal;
  /** A line for the person who started it, not for the log. */
  readonly say: (line: string) => void;
  /** Where log lines go; default standard output. */
  readonly log?: pino.DestinationStream;
}

/**
 * Runs a collector until the signal. Throws LanProofError for all that keeps it from starting:
 * TLS_REQUIRED, DATA_DIR_IN_USE, KEY_*, PORT_*, the store's and the ledger's.
 */
export async function runCollector(options: RunOptions): Promise<void> {
  const { config, say } = options;
  const { listen, data_dir, trust_proxy } = config;
  checkExposure(listen.host, config.tls, trust_proxy);
  const logger = createLogger(config.log.level, options.log);
  for (const warning of config.warnings) logger.warn(describeProblem(warning));
  const lock = lockDataDir(data_dir);
  let engine: Engine | undefined;
  let built: CollectorApp | undefined;
  const jobs: { stop(): void }[] = [];
  try {
    const { anchors } = config;
    engine = await openEngine({ ...clocks(), data_dir, logger, origin: originOf(config), anchors });
    // Behind the keys: a start without them must not make a certificate that key import then finds.
    const names = certificateNames(config);
    const tls = await loadTls(config.tls, data_dir, names, Date.now());
    const more = { tls_spki: tls?.spki_sha256 ?? null, software: options.software, demo: false };
    built = await buildCollector({ ...engine.deps, ...more, logger }, { tls, trust_proxy });
    const { store, now_ms } = engine.deps;
    const holder = `collector-${process.pid}`;
    const calendar = { now_ms, timezone: config.timezone, log: logger };
    const { nightly } = engine.deps;
    const prune = async (): Promise<void> => {
      const { deps } = engine ?? {};
      if (deps === undefined) return;
      const files = await pruneBodies({ ...deps, holder, rule: config.retention });
      if (files.length > 0) logger.info({ files }, 'deleted by the retention');
    };
    const then = [prune, () => nightly.run()];
    jobs.push(
      startJobs({ store, holder, then, ...calendar }),
      anchorJobs(engine, config, calendar),
    );
    const url = await listenOn(built, config, tls);
    say(`LanProof collector: ${url}`);
    await offerSignIn(engine, url, say);
    await ended(options.signal);
    logger.info('stopping');
  } finally {
    for (const job of jobs) job.stop();
    await stop(built, engine);
    lock.release();
  }
}

function anchorJobs(
  { deps }: Engine,
  { anchors }: CollectorConfig,
  calendar: Omit<AnchorJobsOptions, 'keeper' | 'plans'>,
): { stop(): void } {
  const seed = toBase64(deps.document_key.publicKey);
  const plans = anchorPlans(anchors, deps.crypto, seed);
  return startAnchorJobs({ keeper: deps.anchors, plans, ...calendar });
}

function clocks() {
  return {
    now_ms: () => Date.now(),
    mono_ms: () => performance.now(),
    random: (bytes: number) => new Uint8Array(randomBytes(bytes)),
    crypto: createNodeCrypto(),
  };
}

/** Log lines as JSON; what could be a secret is cut out wherever it may stand. */
export function createLogger(level: string, destination?: pino.DestinationStream): pino.Logger {
  const secret = ['token', 'secret', 'authorization', 'cookie', 'password'];
  const paths = [...secret, ...secret.map((name) => `*.${name}`), '*.headers'];
  const options = { level, redact: { paths, censor: '(secret)' }, base: null };
  return destination === undefined ? pino(options) : pino(options, destination);
}

async function listenOn(
  { app }: CollectorApp,
  { listen, public_url }: CollectorConfig,
  tls: TlsMaterial | undefined,
): Promise<string> {
  const { host, port } = listen;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenError(cause, host, port);
  }
  const address = app.server.address();
  const shown = host.includes(':') ? `[${host}]` : host;
  const scheme = tls === undefined ? 'http' : 'https';
  return (
    public_url ??
    `${scheme}://${shown}:${typeof address === 'object' && address !== null ? address.port : port}`
  );
}

function listenError(cause: unknown, host: string, port: number): LanProofError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const known: Readonly<Record<string, readonly [string, string, string]>> = {
    EADDRINUSE: [
      'PORT_IN_USE',
      `port ${port} on ${host} is in use by another program`,
      `find it with: ss -ltnp 'sport = :${port}'; stop it, or write another \`listen\``,
    ],
    EACCES: [
      'PORT_FORBIDDEN',
      `this user may not listen on port ${port}`,
      'choose a port of 1024 or above, or give the service CAP_NET_BIND_SERVICE',
    ],
    EADDRNOTAVAIL: [
      'ADDRESS_UNKNOWN',
      `this machine has no address ${host}`,
      'write an own address in `listen`, or 0.0.0.0 for all',
    ],
  };
  const [name, message, hint] = known[code] ?? [
    'LISTEN_FAILED',
    `cannot listen on ${host}:${port} (${code})`,
    'check `listen` in collector.yml',
  ];
  return new LanProofError(name, message, { hint, place: 'listen', cause });
}

/** Nobody can sign in yet: the person at this terminal may, once and soon. */
async function offerSignIn(engine: Engine, url: string, say: RunOptions['say']): Promise<void> {
  if (!(await isFirstRun(engine.deps.store))) return;
  const wanted = { kind: 'sign_in', role: 'admin', unit: null, label: 'first run' } as const;
  const { secret } = await issueCredential(engine.deps, { ...wanted, by: 'system' });
  const minutes = SIGN_IN_VALID_MS / 60_000;
  say(`Sign in once, within ${minutes} minutes / đăng nhập một lần, trong ${minutes} phút:`);
  say(`  ${url}/sign-in?code=${secret}`);
}

function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Ends what runs in the order in which work flows, each part within its time. */
async function stop(built: CollectorApp | undefined, engine: Engine | undefined): Promise<void> {
  if (built !== undefined) {
    built.drain();
    const timer = setTimeout(() => built.app.server.closeAllConnections(), DRAIN_TIMEOUT_MS);
    await built.app.close();
    clearTimeout(timer);
  }
  await engine?.close();
}

/** First word of the log's name, readable in every checkpoint. */
function originOf(config: CollectorConfig): string {
  return config.public_url === undefined ? 'lanproof' : new URL(config.public_url).host;
}
