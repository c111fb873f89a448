import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { REQUEST_BYTES_MAX, type WitnessAnswer } from './witness.ts';

/** A request is some kilobytes: a sender that needs longer keeps a connection from others. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A witness serves a few logs, each a few times a day. */
const CONNECTIONS_MAX = 64;

export interface WitnessServerOptions {
  readonly answer: (body: Uint8Array) => WitnessAnswer;
  readonly log: (line: string) => void;
}

/** The HTTP face of a witness: `POST /add-checkpoint` and nothing else. Listens to nothing yet. */
export function createWitnessServer({ answer, log }: WitnessServerOptions): Server {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url !== '/add-checkpoint')
      return end(response, 404, 'there is only /add-checkpoint');
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      return end(response, 405, 'send it with POST');
    }
    const body = await readBody(request);
    if (body === null) {
      response.setHeader('connection', 'close');
      return end(response, 413, 'the request is too long');
    }
    const { status, type, body: text } = answer(body);
    log(`${status} ${JSON.stringify(text.trimEnd().slice(0, 200))}`);
    response.writeHead(status, { 'content-type': type }).end(text);
  };
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      // The disk refused, or the sender went away. Nothing was signed.
      log(`500 ${error instanceof Error ? error.message : String(error)}`);
      if (!response.headersSent) end(response, 500, 'the witness could not keep it');
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function end(response: ServerResponse, status: number, what: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${what}\n`);
}

/** Null where it is longer than any request. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request) {
    if (!(part instanceof Uint8Array)) continue;
    length += part.length;
    if (length > REQUEST_BYTES_MAX) return null;
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
