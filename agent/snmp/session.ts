import type { Socket } from 'node:dgram';
import type { Session, Varbind } from 'net-snmp';
import { type DeviceGate, shareGate } from './device-gate.ts';
import { failure, failureOf, type SnmpFailure } from './failure.ts';
import { openLibrary, udpSocket } from './library.ts';
import { askedList, type Place, placeText } from './request.ts';
import { RequestSize } from './request-size.ts';
import { type SessionCounts, Tally } from './tally.ts';
import type { SnmpTarget } from './target.ts';
import { readList, type VarbindList } from './varbinds.ts';
import { createWire, type Wire, type WireCounts } from './wire.ts';

/** One datagram's answer: a busy switch takes 5–50 ms, a commune's radio link some 100 ms. */
export const TIMEOUT_MS_DEFAULT = 1_000;
/** One repetition tells a lost datagram from a silent device; it is counted, not hidden. */
export const RETRIES_DEFAULT = 1;
/** What net-snmp writes where our own varbind list goes. */
const STAND_IN_OID = '0.0';
/** Requests that may wait for the one outstanding PDU; a poll needs 1, "test now" one more. */
export const SESSION_WAITING_MAX = 8;
/** A request with discovery and resynchronisation is never longer than this many timeouts. */
const TIMEOUTS_PER_REQUEST_MAX = 3;

export interface SessionDeps {
  /** Monotonic ms. */
  readonly now_ms: () => number;
  readonly createSocket?: (type: 'udp4' | 'udp6') => Socket;
  /** The agent's packet budget: false means "do not send now". */
  readonly permit?: () => boolean;
  /** ms per datagram, 50–10,000. */
  readonly timeout_ms?: number;
  /** Repetitions after the first try, 0–3. */
  readonly retries?: number;
}

export interface Answer<T> {
  readonly ok: true;
  readonly value: T;
}
/** An answer and when the try left that it belongs to, monotonic ms. */
export interface Answered<T> extends Answer<T> {
  readonly asked_mono_ms: number;
}

type Done<T> = (error: unknown, value?: T) => void;

/**
 * One device, one UDP socket, at most one outstanding PDU: slow switches drop the second. Every
 * request ends by an answer, a timeout or the caller's deadline, whatever the device sends. The
 * holder must close it.
 */
export class SnmpSession {
  readonly now_ms: () => number;
  /** What walks ask for at once; it belongs to the device. */
  readonly request_size: RequestSize;
  readonly #target: SnmpTarget;
  readonly #wire: Wire;
  readonly #timeout_ms: number;
  readonly #retries_max: number;
  readonly #device: { readonly gate: DeviceGate; release(): void };
  #lib: Session | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  readonly #tally = new Tally();

  constructor(target: SnmpTarget, deps: SessionDeps) {
    this.#target = target;
    this.now_ms = deps.now_ms;
    this.#timeout_ms = Math.min(Math.max(deps.timeout_ms ?? TIMEOUT_MS_DEFAULT, 50), 10_000);
    this.#retries_max = Math.min(Math.max(deps.retries ?? RETRIES_DEFAULT, 0), 3);
    this.#device = shareGate(target.address, target.port);
    this.request_size = new RequestSize(target.version !== '1');
    const secured = target.version === '3' && target.level !== 'noAuthNoPriv';
    this.#wire = createWire(
      { address: target.address, port: target.port, secured },
      deps.createSocket ?? udpSocket,
      deps.permit ?? (() => true),
    );
  }

  /** How many steps below its first request size the device is asked; 0 for most. */
  get walk_step(): number {
    return this.request_size.steps;
  }

  get counts(): SessionCounts {
    return { ...this.#wire.counts, ...this.#tally };
  }

  /** GET (RFC 3416 §4.2.1). A missing object comes back with a "no such" type. */
  get(oids: string[], deadline: AbortSignal): Promise<Answered<Varbind[]> | SnmpFailure> {
    return this.#queue<Varbind[]>((lib, done) => lib.get(oids, done), deadline);
  }

  /** GETNEXT (RFC 3416 §4.2.2). */
  getNext(oids: string[], deadline: AbortSignal): Promise<Answered<Varbind[]> | SnmpFailure> {
    return this.#queue<Varbind[]>((lib, done) => lib.getNext(oids, done), deadline);
  }

  /**
   * GETBULK (RFC 3416 §4.2.3): the successors of all asked OIDs, then theirs, as many rounds as
   * the answer had room for. Not for SNMPv1.
   */
  getBulk(
    places: readonly Place[],
    repetitions: number,
    deadline: AbortSignal,
  ): Promise<Answered<VarbindList> | SnmpFailure> {
    const asked = this.#target.version === '2c' ? askedList(places) : undefined;
    const oids = asked === undefined ? places.map(placeText) : [STAND_IN_OID];
    const send = (lib: Session, done: Done<VarbindList>): unknown =>
      lib.getBulk(oids, 0, repetitions, (error, columns) =>
        done(error, asked === undefined ? columns && readList(columns) : this.#wire.list()),
      );
    return this.#queue(send, deadline, asked);
  }

  /** Closes the socket; whatever is under way or waiting ends with `closed`. Safe to repeat. */
  close(): void {
    this.#closed = true;
    this.#recycle();
    this.#device.release();
  }

  async #queue<T>(
    send: (lib: Session, done: Done<T>) => unknown,
    deadline: AbortSignal,
    asked?: Buffer,
  ): Promise<Answered<T> | SnmpFailure> {
    if (this.#waiting >= SESSION_WAITING_MAX) return failure('busy', 'too many requests wait');
    this.#waiting++;
    const turn = this.#tail.then(() => this.#tries(send, deadline, asked));
    this.#tail = turn;
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }

  async #tries<T>(
    send: (lib: Session, done: Done<T>) => unknown,
    deadline: AbortSignal,
    asked: Buffer | undefined,
  ): Promise<Answered<T> | SnmpFailure> {
    for (let attempt = 0; ; attempt++) {
      const late = deadline.aborted;
      const { gate } = this.#device;
      if (!gate.take()) await gate.enter(deadline);
      if (this.#closed || deadline.aborted) {
        gate.leave();
        if (this.#closed) return failure('closed', 'the session was closed');
        // Time that went on waiting for another session says nothing about the device.
        return late || attempt > 0
          ? failure('deadline', 'the deadline passed')
          : failure('busy', 'another request to this device is under way');
      }
      if (attempt > 0) this.#tally.retries++;
      const asked_mono_ms = this.now_ms();
      this.#wire.begin(asked);
      const result = await this.#once(send, deadline);
      gate.leave();
      const again = this.#tally.took(result, this.now_ms() - asked_mono_ms);
      if (result.ok) return { ...result, asked_mono_ms };
      // A restarted SNMPv3 engine is only reachable after a new discovery.
      if (result.failed === 'auth') this.#recycle();
      if (!again || attempt >= this.#retries_max) return result;
    }
  }

  /** One request and its answer, without repetition. Never rejects. */
  #once<T>(
    send: (lib: Session, done: Done<T>) => unknown,
    deadline: AbortSignal,
  ): Promise<Answer<T> | SnmpFailure> {
    const discovers = this.#lib === undefined;
    const before = { ...this.#wire.counts };
    return new Promise((resolve) => {
      const finish = (result: Answer<T> | SnmpFailure): void => {
        clearTimeout(guard);
        deadline.removeEventListener('abort', abort);
        resolve(result);
      };
      const abort = (): void => {
        finish(failure('deadline', 'the deadline passed'));
        this.#recycle();
      };
      // net-snmp arms its timer anew for every report, so the whole exchange has a second one.
      const guard = setTimeout(() => {
        finish(failure('timeout', 'no answer'));
        this.#recycle();
      }, this.#timeout_ms * TIMEOUTS_PER_REQUEST_MAX);
      deadline.addEventListener('abort', abort, { once: true });
      const done: Done<T> = (error, value) => {
        if (!error && value !== undefined) return finish({ ok: true, value });
        if (this.#closed) return finish(failure('closed', 'the session was closed'));
        finish(this.#explained(failureOf(error), before, discovers));
      };
      try {
        send(this.#open(), done);
      } catch (error) {
        finish(failureOf(error));
      }
    });
  }

  /** Tells apart what net-snmp calls a timeout. `before`: counts when the request began. */
  #explained(failed: SnmpFailure, before: WireCounts, discovers: boolean): SnmpFailure {
    if (failed.failed !== 'timeout') return failed;
    if (this.#wire.counts.garbage > before.garbage) {
      return failure('garbage', 'only unreadable answers came');
    }
    // Agents drop what they cannot decrypt without a word; but this one has just told its engine.
    const told = discovers && this.#wire.counts.received > before.received;
    return told && this.#target.version === '3' && this.#target.level === 'authPriv'
      ? failure('auth', 'the device is there but drops the request: the privacy key may be wrong')
      : failed;
  }

  #open(): Session {
    this.#lib ??= openLibrary(this.#target, this.#timeout_ms, this.#wire);
    return this.#lib;
  }

  /** Drops socket and engine state; the next request starts afresh. */
  #recycle(): void {
    const lib = this.#lib;
    this.#lib = undefined;
    lib?.close();
  }
}

/**
 * Opens no socket yet: that happens with the first request. `target` must have passed the agent's
 * `allow`; its address must be an IP address so that no name is looked up.
 */
export function openSession(target: SnmpTarget, deps: SessionDeps): SnmpSession {
  return new SnmpSession(target, deps);
}
