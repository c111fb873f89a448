import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { DnsOutcome } from '../../shared/measure/codes.ts';
import {
  asMs,
  type CheckResult,
  connectFault,
  elapsedUs,
  type NowMs,
  performanceNow,
  type Trace,
} from './check.ts';
import { DNS_BYTES_MAX, type DnsReading, encodeQuery, readAnswer } from './dns-message.ts';

export const DNS_PORT = 53;
/** Ids are 16 bits. */
const ID_END = 65_536;
const RCODE_OUTCOMES: ReadonlyMap<number, DnsOutcome> = new Map([
  [2, 'servfail'],
  [3, 'nxdomain'],
  [5, 'refused'],
]);
/** The server is there but does not do its work. */
const FAILED: ReadonlySet<DnsOutcome> = new Set(['servfail', 'refused']);

export interface DnsTarget {
  /** Address of the name server. */
  readonly address: string;
  /** Default 53. */
  readonly port?: number;
  /** The name whose IPv4 addresses are asked for. */
  readonly name: string;
}

/**
 * Asks a name server one question over UDP: a fresh id and source port each time, and only an
 * answer from the asked address and port with the same id and question counts. One datagram, no
 * repetition, no fall-back to TCP: what was seen is what is told (decision 0010). Phases:
 * [answer]; status: the RCODE. Never rejects.
 */
export async function probeDns(
  target: DnsTarget,
  deadline: AbortSignal,
  trace?: Trace,
  now_ms: NowMs = performanceNow,
): Promise<CheckResult<DnsOutcome>> {
  const { address, port = DNS_PORT, name } = target;
  const query = encodeQuery(randomInt(ID_END), name);
  if (query === null || deadline.aborted) {
    trace?.(query === null ? `"${name}" is no DNS name.` : 'No time was left to ask.');
    return failed('not_sent');
  }
  trace?.(`Asking ${address} port ${port} over UDP for the IPv4 addresses of ${name}.`);
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    // The address is one already; the resolver of the system must not be asked about it.
    lookup: (host, _options, done) => done(null, host, address.includes(':') ? 6 : 4),
  });
  try {
    return await new Promise<CheckResult<DnsOutcome>>((resolve) =>
      exchange({ socket, address, port, query, deadline, trace, now_ms, resolve }),
    );
  } finally {
    socket.close();
  }
}

interface Exchange {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  readonly query: Uint8Array;
  readonly deadline: AbortSignal;
  readonly trace: Trace | undefined;
  readonly now_ms: NowMs;
  readonly resolve: (result: CheckResult<DnsOutcome>) => void;
}

function exchange(ask: Exchange): void {
  const { socket, address, port, query, deadline, trace, now_ms } = ask;
  let sent_ms = now_ms();
  let garbage = false;
  const end = (result: CheckResult<DnsOutcome>): void => {
    deadline.removeEventListener('abort', expire);
    ask.resolve(result);
  };
  const fault = (error: Error, own: boolean): void => {
    const kind = connectFault(error, own);
    trace?.(`The question failed: ${error.message}.`);
    // "Port unreachable": the host is there, its name service is not.
    end(failed(kind === 'refused' ? 'unreachable' : kind));
  };
  const expire = (): void => {
    trace?.('No valid answer came in time.');
    end(failed(garbage ? 'garbage' : 'timeout'));
  };
  deadline.addEventListener('abort', expire, { once: true });
  socket.on('error', (error) => fault(error, false));
  socket.on('message', (bytes) => {
    const answer_us = elapsedUs(now_ms, sent_ms);
    const reading: DnsReading =
      bytes.length > DNS_BYTES_MAX
        ? { kind: 'garbage', why: `it has ${bytes.length} bytes` }
        : readAnswer(bytes, query);
    if (reading.kind === 'answer') {
      const result = judged(reading, answer_us);
      trace?.(`RCODE ${reading.rcode} after ${asMs(answer_us)}: ${result.outcome}.`);
      end(result);
      return;
    }
    // Whoever guesses must not end the wait for the true answer.
    if (reading.kind === 'garbage') garbage = true;
    trace?.(`A datagram of ${bytes.length} bytes was passed over: ${reading.why}.`);
  });
  // A connected socket: the kernel drops what comes from any other address or port.
  socket.connect(port, address, (error?: Error) => {
    // The type of the callback is wrong: a fault is its argument.
    if (error != null) return fault(error, true);
    if (deadline.aborted) return;
    sent_ms = now_ms();
    socket.send(query, (problem) => {
      if (problem !== null) fault(problem, true);
    });
  });
}

function judged(
  answer: DnsReading & { kind: 'answer' },
  answer_us: number,
): CheckResult<DnsOutcome> {
  const outcome = outcomeOf(answer);
  const code = FAILED.has(outcome) ? 'n' : 'r';
  return { code, outcome, phases_us: [answer_us], status: answer.rcode };
}

function outcomeOf(answer: DnsReading & { kind: 'answer' }): DnsOutcome {
  const { rcode, truncated, records } = answer;
  if (rcode !== 0) return RCODE_OUTCOMES.get(rcode) ?? 'other_rcode';
  if (truncated) return 'truncated';
  return records > 0 ? 'answered' : 'no_records';
}

function failed(
  outcome: 'garbage' | 'timeout' | 'unreachable' | 'not_sent',
): CheckResult<DnsOutcome> {
  return { code: outcome === 'not_sent' ? 'x' : 'n', outcome, phases_us: [null] };
}
