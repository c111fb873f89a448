import { utf8 } from '../shared/bytes.ts';
import { LanProofError } from '../shared/errors.ts';
import type { Crypto } from '../shared/evidence/crypto.ts';
import type { ClockSample } from '../shared/measure/batch.ts';
import { BATCH_CONTENT_TYPE, HOLE_CONTENT_TYPE } from '../shared/measure/protocol.ts';
import { cristian } from './clock.ts';
import { type Refused, readBatchAnswer, readRefused } from './deliver/answers.ts';
import { Backoff } from './deliver/backoff.ts';
import { cutAtRotation, isUnderOlderKey, signHole } from './deliver/hole.ts';
import { asProblem, type Refusable, refusal } from './deliver/problems.ts';
import type { ProofKeeper } from './deliver/prove.ts';
import type { Reintroducer } from './deliver/reintroduce.ts';
import type { RotationTeller } from './deliver/rotation.ts';
import { type CollectorHttp, type HttpAnswer, jsonOf } from './http.ts';
import type { Identity, KeyRotation } from './identity.ts';
import type { Outgoing } from './spool/types.ts';
import type { Spool } from './spool.ts';

/** How long nothing is looked at when nothing waits; a seal wakes the loop at once, ms. */
export const IDLE_MS = 5_000;
/** Rewinds in a row without progress before the agent slows down: a collector may contradict. */
export const REWINDS_MAX = 3;

export interface DeliverDeps {
  readonly http: CollectorHttp;
  readonly spool: Spool;
  readonly identity: Identity;
  readonly crypto: Crypto;
  readonly proofs: ProofKeeper;
  /** Asked when the collector does not know this agent or its list; without it nobody is. */
  readonly reintroducer?: Reintroducer;
  /** Tells of new keys; without it the agent never had another one. */
  readonly rotations?: RotationTeller;
  readonly monotonic_ms: () => number;
  /** UTC ms by the run's offset. */
  readonly utc_ms: () => number;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly onTime: (sample: ClockSample) => void;
  readonly onListVersion: (version: number) => void;
  /** Anything a person should know; the same problem is told again only after a success. */
  readonly onProblem: (error: LanProofError) => void;
  readonly onDelivered: (sent_to: number) => void;
}

/**
 * Sends what the spool holds: at least once, oldest first, one at a time. `step` does one thing
 * and says after how many ms it wants to be called again; it never throws.
 */
export class Deliverer {
  readonly #deps: DeliverDeps;
  readonly #backoff: Backoff;
  #notBefore_ms = Number.NEGATIVE_INFINITY;
  #rewinds = 0;
  #lastProblem = '';

  constructor(deps: DeliverDeps) {
    this.#deps = deps;
    this.#backoff = new Backoff(deps.random);
  }

  /** The code of what holds delivery up, '' if nothing does. */
  get problem(): string {
    return this.#lastProblem;
  }

  async step(signal?: AbortSignal): Promise<number> {
    const wait_ms = this.#notBefore_ms - this.#deps.monotonic_ms();
    if (wait_ms > 0) return wait_ms;
    try {
      const { proofs, spool, rotations } = this.#deps;
      const rotation = rotations?.due(spool.marks.sent_to);
      if (rotation !== undefined) return await this.#rotate(rotation, signal);
      // Until the collector knows the key in use it refuses what that one asks for.
      if (!rotations?.pending && proofs.due(spool.marks.sent_to)) await this.#prove(signal);
      const item = spool.next();
      if (item === undefined) return IDLE_MS;
      await this.#send(item, signal);
      return spool.next() === undefined && !proofs.due(spool.marks.sent_to) ? IDLE_MS : 0;
    } catch (error) {
      return this.#fail(asProblem(error), 0);
    }
  }

  /** Proves the newest delivered batch now, due or not. */
  async proveNow(signal?: AbortSignal): Promise<void> {
    await this.#prove(signal);
  }

  async #rotate(rotation: KeyRotation, signal: AbortSignal | undefined): Promise<number> {
    const refused = await this.#deps.rotations?.tell(rotation, signal);
    if (refused !== undefined) return this.#refused(rotation, refused, signal);
    this.#backoff.reset();
    this.#lastProblem = '';
    return 0;
  }

  async #prove(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#deps.proofs.prove(signal);
    } catch (error) {
      // A failed check must not stop delivery: what was measured is worth more than the proof.
      this.#tell(asProblem(error));
    }
  }

  async #send(found: Outgoing, signal: AbortSignal | undefined): Promise<void> {
    const { http, identity, crypto, rotations, utc_ms } = this.#deps;
    const item = found.kind === 'hole' ? cutAtRotation(found, identity) : found;
    const hole = item.kind === 'hole' ? signHole(crypto, identity, item, utc_ms()) : undefined;
    if (item.kind === 'hole' && hole !== undefined && isUnderOlderKey(item, identity)) {
      const refused = await rotations?.show(hole, item.to_seq, signal);
      if (refused === undefined) this.#delivered(item.to_seq);
      else await this.#refused(item, refused, signal);
      return;
    }
    const body = item.kind === 'hole' ? utf8(hole ?? '') : item.body;
    const headers = {
      'content-type': item.kind === 'hole' ? HOLE_CONTENT_TYPE : BATCH_CONTENT_TYPE,
    };
    const path = '/api/v1/batches';
    const answer = await http.send({ method: 'POST', path, headers, body }, signal);
    if (answer.status === 200) await this.#accepted(item, answer, signal);
    else await this.#refused(item, readRefused(answer), signal);
  }

  async #accepted(
    item: Outgoing,
    answer: HttpAnswer,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { proofs, onTime, onListVersion } = this.#deps;
    const said = readBatchAnswer(jsonOf(answer));
    this.#delivered(lastSeq(item));
    const sample = cristian(answer.sent_mono_ms, answer.received_mono_ms, said.time_ms);
    if (sample !== undefined) onTime(sample);
    proofs.note(said.checkpoint, said.renew);
    onListVersion(said.list_version);
    // What is measured by a list that a restored collector lost cannot be read there.
    await this.#deps.reintroducer?.showList(said.list_version, signal);
  }

  /** The collector has everything up to `seq`. */
  #delivered(seq: number): void {
    const { spool, onDelivered } = this.#deps;
    spool.markSent(seq);
    this.#backoff.reset();
    this.#rewinds = 0;
    this.#lastProblem = '';
    onDelivered(spool.marks.sent_to);
  }

  /** After how many ms there is something to do again. */
  async #refused(
    item: Refusable,
    refused: Refused,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { status, code, expect, retry_ms } = refused;
    if (status === 409 && expect === undefined && code === 'CONFLICT' && 'kind' in item) {
      // Both hashes are on record there; sending it again for ever would only stop the queue.
      this.#deps.spool.markSent(lastSeq(item));
      this.#tell(refusal(item, refused));
      return 0;
    }
    if (this.#isUnknown(refused)) return this.#reintroduce(item, refused, signal);
    const problem = expect === undefined ? refusal(item, refused) : this.#rewind(expect);
    return problem === undefined ? 0 : this.#fail(problem, retry_ms);
  }

  /** A collector that was put back may know an older key only: this one signs nothing there. */
  #isUnknown({ status, code }: Refused): boolean {
    if (status === 401) return code === 'unknown_agent';
    const unsigned = code === 'SIGNATURE' || code === 'DSSE_SIGNATURE';
    return status === 422 && unsigned && this.#deps.identity.rotations.length > 0;
  }

  /** An agent that is not known there introduces itself again. */
  async #reintroduce(
    item: Refusable,
    unknown: Refused,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const answer = await this.#deps.reintroducer?.ask(signal);
    if (answer === undefined) return this.#fail(refusal(item, unknown), unknown.retry_ms);
    if ('expect' in answer) {
      const problem = this.#rewind(answer.expect);
      return problem === undefined ? 0 : this.#fail(problem, 0);
    }
    const { refused } = answer;
    const busy = refused.status === 429 || refused.status >= 500;
    // It is told as what it is: why this agent stays unknown, and what a person does about it.
    const told = { ...refused, status: busy ? refused.status : 401 };
    return this.#fail(refusal(item, told), refused.retry_ms);
  }

  /** The collector is somewhere else in the chain: go there. A problem where that is impossible. */
  #rewind(expect: { epoch: number; seq: number }): LanProofError | undefined {
    const { spool, identity } = this.#deps;
    this.#rewinds += 1;
    if (expect.epoch !== identity.epoch) {
      return new LanProofError('AGENT_EPOCH', `the collector knows epoch ${expect.epoch}`, {
        hint: 'this agent was enrolled again elsewhere; stop one of the two',
        place: `epoch ${identity.epoch}`,
        fatal: false,
      });
    }
    // Noted first: cut off in between, a rotation is told again, which changes nothing.
    this.#deps.rotations?.rewound(expect.seq);
    if (spool.rewind(expect.seq) === 'ahead') {
      const message = `the collector has batches up to ${expect.seq - 1}, here they end earlier`;
      return new LanProofError('AGENT_ROLLED_BACK', message, {
        hint: 'this machine was put back to an older state: enrol it again for a new epoch',
        place: `seq ${spool.head.seq}`,
        fatal: false,
      });
    }
    this.#deps.proofs.doubt();
    if (this.#rewinds <= REWINDS_MAX) return undefined;
    return new LanProofError('DELIVERY_LOOP', `the collector keeps asking for ${expect.seq}`, {
      hint: 'look at the log of the collector; nothing is lost meanwhile',
      fatal: false,
    });
  }

  #fail(problem: LanProofError, retry_after_ms: number): number {
    const wait_ms = this.#backoff.next_ms(retry_after_ms);
    this.#notBefore_ms = this.#deps.monotonic_ms() + wait_ms;
    this.#tell(problem);
    return wait_ms;
  }

  #tell(problem: LanProofError): void {
    if (problem.code !== this.#lastProblem) this.#deps.onProblem(problem);
    this.#lastProblem = problem.code;
  }
}

function lastSeq(item: Outgoing): number {
  return item.kind === 'hole' ? item.to_seq : item.seq;
}
