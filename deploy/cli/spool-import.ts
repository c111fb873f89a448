import { setTimeout as timer } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { fromBase64, fromUtf8 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { parseEnvelope } from '../../shared/evidence/dsse.ts';
import { parseIdentity } from '../../shared/measure/header.ts';
import { BATCH_CONTENT_TYPE, HOLE_CONTENT_TYPE } from '../../shared/measure/protocol.ts';
import { decodeWire } from '../../shared/measure/wire.ts';
import { readSpoolFile, type SpoolRecord } from '../../shared/node/spool-file.ts';
import { readCaFile } from './ca-file.ts';
import { type Command, EXIT_FAILED, EXIT_OK, type Io, readArguments } from './command.ts';
import { counted } from './counted.ts';
import { baseUrl, unreachable } from './http-client.ts';
import { progressLines } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

const TIMEOUT_MS = 60_000;
/** A busy collector is asked again so often, each time after as long as it says. */
export const TRIES_MAX = 10;
const RETRY_S_DEFAULT = 10;

export const spoolImportCommand: Command = {
  summary: 'deliver a file of lanproof spool export to the collector',
  usage: `lanproof spool import FILE --collector URL [--ca FILE]
  Sends batches and holes one after the other, as their agent would; their signatures prove them,
  so no token is needed. What is there already is passed over: run it twice, or let the agent
  deliver the same later, and nothing is doubled. An agent that got a new key since it last reached
  the collector must reach it once before (SPOOL_KEY_UNTOLD).

  --collector URL   address of the collector, e.g. https://lan.example.vn
  --ca FILE         certificate to trust: a copy of tls.crt in the collector's data_dir

  Exit codes: 0 all is there; 1 failed, or something was refused; 2 used wrongly`,
  async run(args, io) {
    const options = { collector: { type: 'string' }, ca: { type: 'string' } } as const;
    const parsed = readArguments(args, options, ['FILE']);
    const [file = ''] = parsed.words;
    const base = baseUrl(parsed.required('collector'));
    // Read to its end first: a damaged stick must not deliver half of what it holds.
    let records = 0;
    let rotated = false;
    for await (const { kind } of readSpoolFile(file)) {
      if (isSent(kind)) records += 1;
      rotated ||= kind === 'rotate';
    }
    const ca = parsed.text('ca');
    const trust = ca === undefined ? {} : { ca: readCaFile(ca) };
    const dispatcher = new Agent({
      connect: { ...trust, timeout: TIMEOUT_MS },
      ...{ headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS },
    });
    const stop = stopSignal();
    try {
      return await sendAll({ file, base, dispatcher, io, records, rotated, signal: stop.signal });
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      io.err('stopped before the end; run it again, nothing is doubled');
      return EXIT_FAILED;
    } finally {
      stop.release();
      await dispatcher.close();
    }
  },
};

interface Task {
  readonly file: string;
  readonly base: URL;
  readonly dispatcher: Agent;
  readonly io: Io;
  readonly records: number;
  /** Whether the agent has had more than one key. */
  readonly rotated: boolean;
  readonly signal: AbortSignal;
}

async function sendAll(task: Task): Promise<number> {
  const { io } = task;
  const counts = { taken: 0, there: 0, conflicts: 0 };
  const say = progressLines(io, (done: number) => `${done} of ${task.records}`);
  let done = 0;
  for await (const record of readSpoolFile(task.file)) {
    if (!isSent(record.kind)) continue;
    counts[await send(task, record)] += 1;
    done += 1;
    say(done);
  }
  const { taken, there, conflicts } = counts;
  io.out(`${counted(taken, 'record')} taken in, ${there} there already`);
  if (conflicts === 0) return EXIT_OK;
  const others = counted(conflicts, 'batch', 'batches');
  io.err(`${others} contradict what the collector has: both hashes are on record there`);
  return EXIT_FAILED;
}

function isSent(kind: SpoolRecord['kind']): boolean {
  return kind === 'batch' || kind === 'hole';
}

/** Sends one record, patiently. Throws LanProofError with the collector's code. */
async function send(task: Task, record: SpoolRecord): Promise<'taken' | 'there' | 'conflicts'> {
  const last_seq = lastSeq(record);
  for (let tried = 1; ; tried++) {
    task.signal.throwIfAborted();
    const { status, value, retry_s } = await post(task, record);
    if (status === 200) return Object(value).duplicate === true ? 'there' : 'taken';
    const error = Object(Object(value).error);
    const expect = Object(error.expect ?? Object(value).expect).seq;
    if (status === 409 && error.code === 'CONFLICT') return 'conflicts';
    if (status === 409 && typeof expect === 'number') {
      if (expect > last_seq) return 'there';
      throw behind(expect, last_seq);
    }
    if ((status === 429 || status === 503) && tried < TRIES_MAX) {
      await timer(retry_s * 1_000, undefined, { signal: task.signal });
      continue;
    }
    const unsigned = error.code === 'SIGNATURE' || error.code === 'DSSE_SIGNATURE';
    throw unsigned && task.rotated ? keyUntold(last_seq) : refused(status, error, last_seq);
  }
}

async function post(
  { base, dispatcher, signal }: Task,
  { kind, bytes }: SpoolRecord,
): Promise<{ status: number; value: unknown; retry_s: number }> {
  const type = kind === 'hole' ? HOLE_CONTENT_TYPE : BATCH_CONTENT_TYPE;
  const answer = await request(new URL('/api/v1/batches', base), {
    ...{ method: 'POST', body: bytes, dispatcher, signal },
    headers: { 'content-type': type, accept: 'application/json' },
  }).catch((cause: unknown) => {
    throw signal.aborted ? cause : unreachable(base, cause);
  });
  const text = await answer.body.text();
  const said = Number(answer.headers['retry-after']);
  const retry_s = Number.isFinite(said) && said > 0 ? said : RETRY_S_DEFAULT;
  try {
    return { status: answer.statusCode, value: JSON.parse(text), retry_s };
  } catch {
    return { status: answer.statusCode, value: undefined, retry_s };
  }
}

function lastSeq({ kind, bytes }: SpoolRecord): number {
  if (kind === 'batch') return parseIdentity(decodeWire(bytes).header).seq;
  const payload = fromBase64(parseEnvelope(fromUtf8(bytes)).payload);
  return Number(Object(JSON.parse(fromUtf8(payload))).to_seq);
}

function behind(expect: number, seq: number): LanProofError {
  const message = `the collector expects batch ${expect}, the file goes on with ${seq}`;
  return new LanProofError('SPOOL_GAP', message, {
    hint: 'export again with --all: this collector has less than the agent thought',
  });
}

/** A rotation is told by the agent alone: the new key signs the collector's nonce. */
function keyUntold(seq: number): LanProofError {
  const message = 'the collector has not heard of the key that this agent has now';
  return new LanProofError('SPOOL_KEY_UNTOLD', message, {
    hint: 'let the agent reach the collector once, by any line: it tells of its key; then repeat',
    place: `batch ${seq}`,
  });
}

function refused(
  status: number,
  error: { code?: string; message?: string; hint?: string },
  seq: number,
): LanProofError {
  const unknown = status === 401 && error.code === 'unknown_agent';
  const hint = unknown
    ? 'this collector does not know the agent: it must reach it once, or be enrolled again'
    : (error.hint ?? 'check that --collector is the address of a LanProof collector');
  const message = error.message ?? `the answer was ${status}`;
  return new LanProofError(error.code ?? 'HTTP_ERROR', message, { hint, place: `batch ${seq}` });
}
