import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { answerFrameworkError } from './api/problem.ts';
import type { CollectorDeps } from './deps.ts';
import type { TlsMaterial } from './tls.ts';

/** Bodies of routes that do not say otherwise; none of them takes more than a small object. */
const BODY_BYTES_MAX = 64 * 1024;
/** A batch of 1 MB over 1 Mbit/s takes 8 s; who is slower tries again. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Idle sockets; longer than the heartbeat of live streams and than an agent's minute. */
const CONNECTION_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
const NAME_BYTES = 9;

export interface ServerOptions {
  readonly tls: TlsMaterial | undefined;
  readonly trust_proxy: boolean | readonly string[];
}

/** A server without routes: limits, time-outs, and what its log says of a request. */
export function createServer(
  deps: Pick<CollectorDeps, 'logger' | 'random'>,
  { tls, trust_proxy }: ServerOptions,
): FastifyInstance {
  const trustProxy = typeof trust_proxy === 'boolean' ? trust_proxy : [...trust_proxy];
  const common = {
    loggerInstance: deps.logger,
    // A logger of its own for each request is a sixtieth of the work for a batch; the few lines
    // that are written name their request themselves.
    childLoggerFactory: (logger: FastifyBaseLogger) => logger,
    // Fastify's own request log has the whole URL, codes included.
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: answerFrameworkError,
    genReqId: requestIds(deps),
    requestIdHeader: false,
    trustProxy,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 200 },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
  } as const;
  if (tls === undefined) return fastify(common) as FastifyInstance;
  const https = { cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' } as const;
  // The type differs in the kind of server only; no route looks at that.
  return fastify({ ...common, https }) as unknown as FastifyInstance;
}

/** A name that nobody can guess. */
export function newName(deps: Pick<CollectorDeps, 'random'>): string {
  return Buffer.from(deps.random(NAME_BYTES)).toString('base64url');
}

/**
 * A request is only found again by its id, in the log: a name of this run and a number will do.
 * Randomness for each of them cost 80 µs a batch, a thirtieth of all.
 */
function requestIds(deps: Pick<CollectorDeps, 'random'>): () => string {
  const run = newName(deps);
  let count = 0;
  return () => {
    count += 1;
    return `${run}-${count.toString(36)}`;
  };
}
