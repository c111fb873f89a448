import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Names of built files carry a hash of their content: they never change. */
const ASSET_MAX_AGE_S = 365 * 24 * 3_600;

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>LanProof</title>
<p>The collector runs, but its page was not built. Run <code>npm run build</code>, then load
this page again. The API is described at <a href="/openapi.json">/openapi.json</a>.</p>
`;

/** The page: one document for every address of it, and its hashed files. */
export async function staticRoutes(app: FastifyInstance, dist: string): Promise<void> {
  const config = { access: 'public' } as const;
  const built = existsSync(join(dist, 'index.html'));
  const page = async (_: unknown, reply: FastifyReply) => {
    // The document names the hashed files: an old one would ask for files that are gone.
    reply.header('cache-control', 'no-cache');
    if (!existsSync(join(dist, 'index.html'))) {
      return reply.status(503).type('text/html; charset=utf-8').send(NOT_BUILT);
    }
    return reply.sendFile('index.html', dist, { cacheControl: false });
  };
  await app.register(fastifyStatic, { root: dist, serve: false });
  const schema = { hide: true };
  for (const path of ['/', '/sites', '/sites/*']) app.get(path, { config, schema }, page);
  app.get('/assets/*', { config, schema }, async (request, reply) => {
    const { '*': file } = request.params as { '*': string };
    const options = { maxAge: ASSET_MAX_AGE_S * 1_000, immutable: true };
    return reply.sendFile(`assets/${file}`, dist, options);
  });
  for (const file of ['icon.svg', 'favicon.ico', 'robots.txt']) {
    app.get(`/${file}`, { config, schema }, async (_, reply) => reply.sendFile(file, dist));
  }
  if (!built) app.log.warn({ dist }, 'the page is not built: npm run build');
}
