import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** Members that may hold a secret wherever they stand; they are never meant to be logged. */
const SECRET_MEMBERS = [
  'token',
  'secret',
  'community',
  'password',
  'auth_key',
  'priv_key',
  'pem',
  'proxy',
  'authorization',
];
const REDACTED = SECRET_MEMBERS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** The program log: JSON lines, UTC, secrets masked. */
export function createLog(level: string, stream?: DestinationStream): Logger {
  const options = { level, base: { program: 'agent' }, redact: REDACTED };
  return stream === undefined ? pino(options) : pino(options, stream);
}
