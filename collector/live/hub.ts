import type { EventRing, LiveEvent } from './ring.ts';

/** People read; machines have /metrics. One frame a second is live enough and bounds the work. */
export const FRAME_INTERVAL_MS = 1_000;
/** Below the idle limits of common proxies (30 s and more). */
export const HEARTBEAT_INTERVAL_MS = 15_000;
/** A stream ends after this, and the browser reconnects: so it sees by its role and unit of now. */
export const STREAM_LIFETIME_MS = 15 * 60_000;
/** Each costs a socket and about 30 kB. */
export const LIVE_CLIENTS_MAX = 500;

/** One open stream. The hub keeps a position per client, never a queue. */
export interface LiveClient {
  /** Writes a part of the stream; false when the peer does not keep up. */
  write(text: string): boolean;
  /** True while earlier writes wait for the peer. */
  blocked(): boolean;
  end(): void;
  sees(event: LiveEvent): boolean;
}

export interface LiveHub {
  publish(event: LiveEvent): void;
  /** Nobody reads changes for a while: what happens meanwhile is told to no one. */
  forget(): void;
  /** Starts a stream after `last_event_id`; returns the way to leave. Ask `full` first. */
  connect(client: LiveClient, last_event_id: string | undefined): () => void;
  /** Sends each client what is new; called every FRAME_INTERVAL_MS. */
  tick(): void;
  readonly clients: number;
  /** True: no further stream may be opened now. */
  readonly full: boolean;
  close(): void;
}

interface Stream {
  readonly client: LiveClient;
  readonly opened_ms: number;
  position: number;
  written_ms: number;
}

/** Server-sent events (WHATWG HTML §9.2) from a ring of changes. `mono_ms` is monotonic. */
export function createLiveHub(ring: EventRing, mono_ms: () => number): LiveHub {
  const streams = new Set<Stream>();
  const send = (stream: Stream, events: readonly LiveEvent[], to: number, now: number) => {
    stream.position = to;
    const seen = events.filter((event) => stream.client.sees(event));
    if (seen.length === 0) return;
    stream.client.write(frame('changes', ring.id(to), { events: seen }));
    stream.written_ms = now;
  };
  const advance = (stream: Stream, now: number) => {
    const { client } = stream;
    if (now - stream.opened_ms > STREAM_LIFETIME_MS) {
      streams.delete(stream);
      client.end();
      return;
    }
    // A slow reader skips frames; what it missed is in the next one, newest of each subject.
    if (client.blocked()) return;
    const head = ring.head;
    if (stream.position < head) {
      const events = ring.since(stream.position);
      if (events === undefined) reset(stream, head, now);
      else send(stream, events, head, now);
    }
    if (now - stream.written_ms >= HEARTBEAT_INTERVAL_MS) {
      client.write(': still here\n\n');
      stream.written_ms = now;
    }
  };
  /** Tells the page to load everything anew: what it missed is no longer known. */
  const reset = (stream: Stream, head: number, now: number) => {
    stream.position = head;
    stream.client.write(frame('reset', ring.id(head), {}));
    stream.written_ms = now;
  };
  return {
    publish: (event) => ring.push(event),
    forget: () => ring.forget(),
    connect(client, last_event_id) {
      const now = mono_ms();
      const from = last_event_id === undefined ? ring.head : ring.position(last_event_id);
      const stream: Stream = { client, opened_ms: now, position: from ?? 0, written_ms: now };
      streams.add(stream);
      if (last_event_id === undefined) client.write(frame('hello', ring.id(ring.head), {}));
      else if (from === undefined || ring.since(from) === undefined) reset(stream, ring.head, now);
      else client.write(': resumed\n\n');
      advance(stream, now);
      return () => streams.delete(stream);
    },
    tick() {
      const now = mono_ms();
      for (const stream of streams) advance(stream, now);
    },
    get clients() {
      return streams.size;
    },
    get full() {
      return streams.size >= LIVE_CLIENTS_MAX;
    },
    close() {
      for (const stream of streams) stream.client.end();
      streams.clear();
    },
  };
}

function frame(event: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
