import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as timer } from 'node:timers/promises';
import type { RawCode } from '../../shared/measure/codes.ts';
import type { Engine, ProbeOutcome, ProbeSink, ProbeTarget, Row } from './prober.ts';
import type { Seeker } from './seek.ts';
import { createTickedEngine, type EngineClock } from './ticked-engine.ts';

/**
 * The demo's engine: no right is needed and a script decides what a device answers. A request is
 * the line `LPE1 TOKEN`, a large one filled up with spaces before its end; an answer is
 * `LPE1 TOKEN CODE` with CODE r, a or l, and the MAC of who answers where it has one; silence is
 * `n`. Only a log whose origin begins with DEMO_ORIGIN may use it, so that no invented answer is
 * evidence.
 */
export const UDP_ECHO_PORT = 7007;
/** Answers are shorter; anything longer is not ours. */
const LINE_BYTES_MAX = 64;
/** Two sites of 60 devices ask at once. */
const CONCURRENCY = 256;

/**
 * The engine's rows know r, n and x alone, so the two other answers travel as round trips that no
 * real answer has; the sink below turns them into codes again.
 */
const RTT_OF: Readonly<Record<'a' | 'l', number>> = { a: 0, l: 1 };
const RTT_US_MIN = 2;

const ANSWER = /^LPE1 ([0-9]+) ([ral])(?: ([0-9a-f:]{17}))?$/;
/** Whoever is on loopback answers within this, ms. */
const SEEK_MS = 300;

type Answered = ProbeOutcome<{ readonly mac: string | undefined }>;

interface Waiting {
  readonly resolve: (outcome: Answered) => void;
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
    const [, id = '', code, mac] = ANSWER.exec(line) ?? [];
    const asked = waiting.get(id);
    if (asked === undefined) return;
    waiting.delete(id);
    const took_us = Math.round((clock.monotonic_ms() - asked.sent_ms) * 1_000);
    const rtt_us = code === 'a' || code === 'l' ? RTT_OF[code] : Math.max(RTT_US_MIN, took_us);
    asked.resolve({ code: 'r', rtt_us, detail: { mac } });
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
  const send = (address: string, bytes: number, deadline: AbortSignal) =>
    new Promise<Answered>((resolve) => {
      // An aborted signal tells nobody any more: the question would wait for ever.
      if (deadline.aborted) return resolve({ code: 'x', reason: 'overrun' });
      token += 1;
      const id = String(token);
      waiting.set(id, { resolve, sent_ms: clock.monotonic_ms() });
      const end = (): void => {
        if (waiting.delete(id)) resolve({ code: 'n', reason: 'no answer' });
      };
      deadline.addEventListener('abort', end, { once: true });
      const question = `LPE1 ${id}`.padEnd(bytes - 1);
      socketFor(address).send(`${question}\n`, port, address, (error) => {
        if (error !== null && waiting.delete(id)) resolve({ code: 'x', reason: error.message });
      });
    });
  const ask = async ({ address, bytes = 0, mac }: ProbeTarget, deadline: AbortSignal) => {
    const outcome = await send(address, bytes, deadline);
    const other = outcome.code === 'r' ? outcome.detail.mac : undefined;
    if (mac === undefined || other === undefined || other === mac) return outcome;
    return { code: 'x', reason: `another machine: ${other}` } as const;
  };
  const { next_id = countUp() } = options;
  const engineOf = (probe: 'icmp' | 'echo_large') =>
    createTickedEngine<ProbeTarget>({
      ...{ name: 'udp-echo', version: '1', probe, clock, concurrency: CONCURRENCY, ask, next_id },
      sink: codesFromTrips(options.sink),
    });
  const [small, large] = [engineOf('icmp'), engineOf('echo_large')];
  return {
    name: small.name,
    version: small.version,
    seeker: createUdpSeeker((address, deadline) => send(address, 0, deadline)),
    async apply(targets, from_ms) {
      const { yes = [], no = [] } = Object.groupBy(targets, ({ bytes }) =>
        bytes === undefined ? 'no' : 'yes',
      );
      await Promise.all([small.apply(no, from_ms), large.apply(yes, from_ms)]);
    },
    async stop() {
      await Promise.all([small.stop(), large.stop()]);
      for (const socket of sockets.values()) socket.close();
      sockets.clear();
    },
  };
}

/** Every address of a /24 of loopback may be somebody's: the demo's stand-in for ARP. */
function createUdpSeeker(
  send: (address: string, deadline: AbortSignal) => Promise<Answered>,
): Seeker {
  const macsAt = async (address: string, signal: AbortSignal): Promise<readonly string[]> => {
    const outcome = await send(address, AbortSignal.any([signal, AbortSignal.timeout(SEEK_MS)]));
    const mac = outcome.code === 'r' ? outcome.detail.mac : undefined;
    return mac === undefined ? [] : [mac];
  };
  return {
    macsAt,
    networks: (hints) =>
      [...new Set(hints.map((hint) => hint.replace(/\.\d+$/, '.0')))].map((address) => ({
        address,
        prefix: 24,
      })),
    async sweep(addresses, per_s, heard, signal) {
      const asking = addresses.map(async (address, place) => {
        const wait_ms = (place * 1_000) / per_s;
        await timer(wait_ms, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        for (const mac of await macsAt(address, signal)) heard(address, mac);
      });
      await Promise.all(asking);
    },
  };
}

/** Series of both engines go to one sink, which tells them apart by number. */
function countUp(): () => number {
  let last = 0;
  return () => {
    last += 1;
    return last;
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
