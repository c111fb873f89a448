import type { FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../../shared/node/host-port.ts';

/** True for plain http from beyond this machine: shown on the dashboard. */
export function isInsecure(request: FastifyRequest): boolean {
  if (request.protocol === 'https') return false;
  return !isLoopbackHost(request.ip.replace(/^::ffff:/, ''));
}
