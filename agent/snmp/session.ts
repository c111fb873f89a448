import { createSocket as createUdpSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Session, SessionOptions, User, Varbind } from 'net-snmp';
import {
  AuthProtocols,
  createSession,
  createV3Session,
  PrivProtocols,
  SecurityLevel,
  Version2c,
} from 'net-snmp';
import { failure, failureOf, type SnmpFailure } from './failure.ts';
import type { SnmpTarget } from './target.ts';
import { createWire, type Wire, type WireCounts } from './wire.ts';

/** One datagram's answer: a busy switch takes 5–50 ms, a commune's radio link some 100 ms. */
export const TIMEOUT_MS_DEFAULT = 1_000;
/** One repetition tells a lost datagram from a silent device; it is counted, not hidden. */
export const RETRIES_DEFAULT = 1;
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

/** Counts over the session's life; raw facts about loss and about intruders. */
export interface SessionCounts extends Readonly<WireCounts> {
  /** Requests that got a valid SNMP answer, error-status included. */
  readonly answers: number;
  /** Tries beyond the first. */
  readonly retries: number;
}

type Done<T> = (error: unknown, value?: T) => void;

function userOf(target: SnmpTarget & { version: '3' }): User {
  const user: User = { name: target.user, level: SecurityLevel[target.level] };
  if (target.level === 'noAuthNoPriv') return user;
  user.authProtocol = AuthProtocols[target.auth] ?? 0;
  user.authKey = target.auth_key;
  if (target.level === 'authNoPriv') return user;
  user.privProtocol = PrivProtocols[target.priv] ?? 0;
  user.privKey = target.priv_key;
  return user;
}

/**
 * One device, one UDP socket, at most one outstanding PDU: slow switches drop the second. Every
 * request ends by an answer, a timeout or the caller's deadline, whatever the device sends. The
 * holder must close it.
 */
export class SnmpSession {
  readonly now_ms: () => number;
  /** Where walk.ts left off in its ladder of request sizes; it belongs to the device. */
  walk_step = 0;
  readonly #target: SnmpTarget;
  readonly #wire: Wire;
  readonly #timeout_ms: number;
  readonly #retries_max: number;
  #lib: Session | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  #answers = 0;
  #retries = 0;

  constructor(target: SnmpTarget, deps: SessionDeps) {
    this.#target = target;
    this.now_ms = deps.now_ms;
    this.#timeout_ms = Math.min(Math.max(deps.timeout_ms ?? TIMEOUT_MS_DEFAULT, 50), 10_000);
    this.#retries_max = Math.min(Math.max(deps.retries ?? RETRIES_DEFAULT, 0), 3);
    const secured = target.version === '3' && target.level !== 'noAuthNoPriv';
    this.#wire = createWire(
      { address: target.address, port: target.port, secured },
      deps.createSocket ?? createUdpSocket,
      deps.permit ?? (() => true),
    );
  }

  get counts(): SessionCounts {
    return { ...this.#wire.counts, answers: this.#answers, retries: this.#retries };
  }

  /** GET (RFC 3416 §4.2.1). A missing object comes back with a "no such" type. */
  get(oids: string[], deadline: AbortSignal): Promise<Answer<Varbind[]> | SnmpFailure> {
    return this.#queue<Varbind[]>((lib, done) => lib.get(oids, done), deadline);
  }

  /** GETNEXT (RFC 3416 §4.2.2). */
  getNext(oids: string[], deadline: AbortSignal): Promise<Answer<Varbind[]> | SnmpFailure> {
    return this.#queue<Varbind[]>((lib, done) => lib.getNext(oids, done), deadline);
  }

  /** GETBULK (RFC 3416 §4.2.3): per asked OID its successors, fewer where the answer was full. */
  getBulk(
    oids: string[],
    repetitions: number,
    deadline: AbortSignal,
  ): Promise<Answer<Varbind[][]> | SnmpFailure> {
    return this.#queue<Varbind[][]>(
      (lib, done) => lib.getBulk(oids, 0, repetitions, done),
      deadline,
    );
  }

  /** Closes the socket; whatever is under way or waiting ends with `closed`. Safe to repeat. */
  close(): void {
    this.#closed = true;
    this.#recycle();
  }

  async #queue<T>(
    send: (lib: Session, done: Done<T>) => unknown,
    deadline: AbortSignal,
  ): Promise<Answer<T> | SnmpFailure> {
    if (this.#waiting >= SESSION_WAITING_MAX) return failure('busy', 'too many requests wait');
    this.#waiting++;
    const turn = this.#tail.then(() => this.#tries(send, deadline));
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
  ): Promise<Answer<T> | SnmpFailure> {
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) return failure('closed', 'the session was closed');
      if (deadline.aborted) return failure('deadline', 'the deadline passed');
      if (attempt > 0) this.#retries++;
      const result = await this.#once(send, deadline);
      if (result.ok || ['too_big', 'snmp_error', 'auth'].includes(result.failed)) this.#answers++;
      if (result.ok) return result;
      // A restarted SNMPv3 engine is only reachable after a new discovery.
      if (result.failed === 'auth') this.#recycle();
      const again = ['timeout', 'garbage', 'auth'].includes(result.failed);
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
    this.#wire.begin();
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
    if (this.#lib !== undefined) return this.#lib;
    const target = this.#target;
    const options: SessionOptions = {
      port: target.port,
      retries: 0,
      timeout: this.#timeout_ms,
      transport: isIPv6(target.address) ? 'udp6' : 'udp4',
      // walk.ts checks the order itself; net-snmp's check lets a repeated OID pass.
      backwardsGetNexts: true,
      dgramModule: this.#wire,
    };
    const lib =
      target.version === '2c'
        ? createSession(target.address, target.community, { ...options, version: Version2c })
        : createV3Session(target.address, userOf(target), options);
    // A malformed datagram raises `error`; without a listener it would end the process.
    lib.on('error', () => {
      this.#wire.counts.garbage++;
    });
    this.#lib = lib;
    return lib;
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
