import { createSocket, type Socket } from 'node:dgram';
import type { RawCode } from '../../shared/measure/codes.ts';
import type { Engine, ProbeOutcome, ProbeSink, ProbeTarget, Row } from './prober.ts';
import { createTickedEngine, type EngineClock } from './ticked-engine.ts';

/**
 * The demo's engine: no right is needed and a script decides what a device answers. A request is
 * the line `LPE1 TOKEN`, an answer `LPE1 TOKEN CODE` with CODE r, a or l; silence is `n`. Only a
 * log whose origin begins with DEMO_ORIGIN may use it, so that no invented answer is evidence.
 */
export const UDP_ECHO_PORT = 7007;
export const DEMO_ORIGIN = 'demo/';
/** Both lines are shorter; anything longer is not ours. */
const LINE_BYTES_MAX = 64;
/** Two sites of 60 devices ask at once. */
const CONCURRENCY = 256;

/**
 * The engine's rows know r, n and x alone, so the two other answers travel as round trips that no
 * real answer has; the sink below turns them into codes again.
 */
const RTT_OF: Readonly<Record<'a' | 'l', number>> = { a: 0, l: 1 };
const RTT_US_MIN = 2;

interface Waiting {
  readonly resolve: (outcome: ProbeOutcome<unknown>) => void;
  readonly sent_ms: number;
}

export function createUdpEchoEngine(options: {
  readonly sink: ProbeSink;
  readonly clock: EngineClock;
  readonly next_id?: () => number;
  readonly port?: number;
}): Engine {
  const { clock, port = UDP_ECHO_PORT } = options;
  const waiting = new Map<string, Waiting>();
  const sockets = new Map<4 | 6, Socket>();
  let token = 0;
  const hear = (line: string): void => {
    const [, id = '', code] = /^LPE1 ([0-9]+) ([ral])$/.exec(line) ?? [];
    const asked = waiting.get(id);
    if (asked === undefined) return;
    waiting.delete(id);
    const took_us = Math.round((clock.monotonic_ms() - asked.sent_ms) * 1_000);
    const rtt_us = code === 'a' || code === 'l' ? RTT_OF[code] : Math.max(RTT_US_MIN, took_us);
    asked.resolve({ code: 'r', rtt_us, detail: null });
  };
  const socketFor = (address: string): Socket => {
    const family = address.includes(':') ? 6 : 4;
    const known = sockets.get(family);
    if (known !== undefined) return known;
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('message', (bytes) => {
      if (bytes.length <= LINE_BYTES_MAX) hear(bytes.toString('latin1').trimEnd());
    });
    // "Connection refused" belongs to one datagram; its question ends by its deadline.
    socket.on('error', () => undefined);
    socket.unref();
    sockets.set(family, socket);
    return socket;
  };
  const ask = (target: ProbeTarget, deadline: AbortSignal) =>
    new Promise<ProbeOutcome<unknown>>((resolve) => {
      token += 1;
      const id = String(token);
      waiting.set(id, { resolve, sent_ms: clock.monotonic_ms() });
      const end = (): void => {
        if (waiting.delete(id)) resolve({ code: 'n', reason: 'no answer' });
      };
      deadline.addEventListener('abort', end, { once: true });
      socketFor(target.address).send(`LPE1 ${id}\n`, port, target.address, (error) => {
        if (error !== null && waiting.delete(id)) resolve({ code: 'x', reason: error.message });
      });
    });
  const engine = createTickedEngine({
    name: 'udp-echo',
    version: '1',
    probe: 'icmp',
    sink: codesFromTrips(options.sink),
    clock,
    concurrency: CONCURRENCY,
    ask,
    ...(options.next_id === undefined ? {} : { next_id: options.next_id }),
  });
  return {
    name: engine.name,
    version: engine.version,
    apply: (targets, from_ms) => engine.apply(targets, from_ms),
    async stop() {
      await engine.stop();
      for (const socket of sockets.values()) socket.close();
      sockets.clear();
    },
  };
}

function codesFromTrips(sink: ProbeSink): ProbeSink {
  return {
    open: (series) => sink.open(series),
    close: (series) => sink.close(series),
    problem: (problem) => sink.problem(problem),
    row: (row: Row) => {
      const codes = row.codes.map((code, i): RawCode => {
        if (code !== 'r') return code;
        const rtt_us = row.rtt_us[i];
        if (rtt_us === RTT_OF.a) return 'a';
        return rtt_us === RTT_OF.l ? 'l' : 'r';
      });
      const rtt_us = row.rtt_us.map((us, i) => (codes[i] === 'r' ? us : -1));
      sink.row({ ...row, codes, rtt_us });
    },
  };
}
