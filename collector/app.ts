import { join } from 'node:path';
import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { agentRoutes } from './api/agents.ts';
import { availabilityRoutes } from './api/availability.ts';
import { unitAvailabilityRoutes } from './api/availability-unit.ts';
import { batchRoutes } from './api/batches.ts';
import { healthRoutes } from './api/health.ts';
import { incidentRoutes } from './api/incidents.ts';
import { inventoryRoutes } from './api/inventory.ts';
import { keyRoutes } from './api/keys.ts';
import { ledgerRoutes } from './api/ledger.ts';
import { ledgerAnchorRoute } from './api/ledger-anchor.ts';
import { ledgerPrintRoute } from './api/ledger-print.ts';
import { liveRoutes } from './api/live.ts';
import { metricsRoute } from './api/metrics.ts';
import { paperRoutes } from './api/papers.ts';
import { pendingRoutes } from './api/pending.ts';
import { installProblems, pathOf } from './api/problem.ts';
import { reportFileRoutes } from './api/report-files.ts';
import { reportRoutes } from './api/reports.ts';
import { seriesRoutes } from './api/series.ts';
import { sessionRoutes, signInRoute } from './api/session.ts';
import { siteRoutes } from './api/sites.ts';
import { slotRoutes } from './api/slots.ts';
import { staticRoutes } from './api/static.ts';
import { stripRoutes } from './api/strip.ts';
import { tokenRoutes } from './api/tokens.ts';
import { createAgentIndex } from './auth/agent-auth.ts';
import { installGuard } from './auth/guard.ts';
import { createNonceStore } from './auth/nonces.ts';
import type { AppContext, CollectorDeps } from './deps.ts';
import { createLiveHub, FRAME_INTERVAL_MS } from './live/hub.ts';
import { createLivePump } from './live/pump.ts';
import { createEventRing } from './live/ring.ts';
import { watchLoop } from './metrics/loop-delay.ts';
import { createOwnMetrics } from './metrics/own-metrics.ts';
import { openReportsOf } from './report/issue/open-reports.ts';
import { createServer, newName, type ServerOptions } from './server.ts';

/** Several people behind one address, each page a few requests a second at worst. */
const REQUESTS_PER_MINUTE_MAX = 3_000;
const COMPRESS_BYTES_MIN = 1_024;
/** Asked by programs, once a minute for years: page policies would be half of the traffic. */
const AGENT_PATHS = /^\/api\/v1\/(?:batches$|agents\/)/;
const RATE_HEADERS = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
} as const;
const WEB_DIST = join(import.meta.dirname, 'web', 'dist');

export interface AppOptions extends ServerOptions {
  /** Folder of the built page. */
  readonly web_dist?: string;
}

export interface CollectorApp {
  readonly app: FastifyInstance;
  /** From now on readyz answers 503, so that nobody sends new work here. */
  drain(): void;
}

/** Puts the HTTP face of the collector together; listens to nothing, starts no process. */
export async function buildCollector(
  deps: CollectorDeps,
  options: AppOptions,
): Promise<CollectorApp> {
  const app = createServer(deps, options);
  const ring = createEventRing(newName(deps), undefined);
  const hub = createLiveHub(ring, deps.mono_ms);
  const context: AppContext = {
    ...deps,
    hub,
    nonces: createNonceStore(deps.mono_ms, deps.random),
    agents: createAgentIndex(deps),
    reports: await openReportsOf(deps),
  };
  const loop = watchLoop(deps.mono_ms);
  const own = createOwnMetrics(deps, hub, loop);
  let draining = false;
  installProblems(app);
  // Before the plugins, which look at each route as it is added.
  app.addHook('onRoute', (route) => {
    if (AGENT_PATHS.test(route.url)) route.helmet = false;
  });
  await installPlugins(app, options);
  installGuard(app, context);
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const seconds = reply.elapsedTime / 1_000;
    if (request.routeOptions.url === '/api/v1/batches') own.observeIngest(seconds);
    // Never the query: a sign-in code stands there.
    const { statusCode: status } = reply;
    const facts = { reqId: request.id, method, path: pathOf(url), status, seconds };
    request.log.debug(facts, 'request');
  });
  await app.register(async (api) => apiRoutes(api, context), { prefix: '/api/v1' });
  healthRoutes(app, context, { draining: () => draining, loop });
  metricsRoute(app, context, own);
  signInRoute(app, context);
  const schema = { hide: true };
  app.get('/openapi.json', { config: { access: 'public' }, schema }, async () => app.swagger());
  await staticRoutes(app, options.web_dist ?? WEB_DIST);
  const stop = runLive(app, context);
  app.addHook('preClose', async () => {
    stop();
    loop.stop();
    // Live streams never end by themselves; a close would wait for them.
    hub.close();
    await context.reports.close();
  });
  return {
    app,
    drain: () => {
      draining = true;
    },
  };
}

async function installPlugins(app: FastifyInstance, options: AppOptions): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    hsts: options.tls !== undefined,
    crossOriginEmbedderPolicy: false,
    xFrameOptions: { action: 'deny' },
  });
  await app.register(fastifyRateLimit, {
    global: true,
    max: REQUESTS_PER_MINUTE_MAX,
    timeWindow: 60_000,
    // Below the limit nobody reads them; 429 says what is needed.
    addHeadersOnExceeding: RATE_HEADERS,
  });
  await app.register(fastifyCompress, {
    threshold: COMPRESS_BYTES_MIN,
    // Nobody sends packed requests (batches are packed inside): what inflates is a way to attack.
    globalDecompression: false,
    encodings: ['br', 'gzip'],
    customTypes: /^(application\/json|text\/(html|plain|csv|css)|application\/javascript)/,
  });
  await app.register(fastifyCookie);
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'LanProof collector', version: '1' },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'lanproof token create --role …' },
          session: { type: 'apiKey', in: 'cookie', name: 'lanproof_session' },
          agent: { type: 'apiKey', in: 'header', name: 'authorization' },
        },
      },
    },
  });
}

async function apiRoutes(api: FastifyInstance, context: AppContext): Promise<void> {
  api.addHook('onRequest', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });
  sessionRoutes(api, context);
  agentRoutes(api, context);
  batchRoutes(api, context);
  siteRoutes(api, context);
  inventoryRoutes(api, context);
  slotRoutes(api, context);
  seriesRoutes(api, context);
  availabilityRoutes(api, context);
  unitAvailabilityRoutes(api, context);
  incidentRoutes(api, context);
  stripRoutes(api, context);
  paperRoutes(api, context);
  liveRoutes(api, context);
  tokenRoutes(api, context);
  pendingRoutes(api, context);
  keyRoutes(api, context);
  ledgerRoutes(api, context);
  reportRoutes(api, context);
  reportFileRoutes(api, context);
  ledgerAnchorRoute(api, context);
  ledgerPrintRoute(api, context);
}

/** Carries changes from the store's outbox to open streams; returns the way to stop. */
function runLive(app: FastifyInstance, context: AppContext): () => void {
  const pump = createLivePump(context, context.hub);
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    pump()
      .catch((error: unknown) => app.log.warn({ err: error }, 'live changes were not read'))
      .finally(() => {
        running = false;
        context.hub.tick();
      });
  }, FRAME_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
