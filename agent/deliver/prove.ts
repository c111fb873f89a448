import { fromBase64 } from '../../shared/bytes.ts';
import { LanProofError } from '../../shared/errors.ts';
import { openCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Crypto } from '../../shared/evidence/crypto.ts';
import { openDocument } from '../../shared/evidence/document-reading.ts';
import type { LogOpen } from '../../shared/evidence/documents.ts';
import { type Envelope, parseEnvelope, serializeEnvelope } from '../../shared/evidence/dsse.ts';
import type { BatchHeader, ClockSample } from '../../shared/measure/batch.ts';
import { jsonOf } from '../http.ts';
import type { Identity } from '../identity.ts';
import type { Spool } from '../spool.ts';
import type { Contradiction } from './alarms.ts';
import { readError, readProof } from './answers.ts';
import type { AgentApi } from './api.ts';
import { followLog } from './follow.ts';
import { underKey } from './log-opens.ts';
import { checkProof, type SeenCheckpoint } from './proof.ts';

/** Evidence §3: how often inclusion is checked while all is well. */
export const PROOF_MS = 3_600_000;
/** A collector that asks again and again for a newer `seen` is answered this often. */
export const RENEW_MS_MIN = 60_000;
/** Openings read from one answer, the newest: a restore or a replaced key makes one. */
export const LOGS_MAX = 100;

export interface ProofDeps {
  readonly api: AgentApi;
  readonly spool: Spool;
  readonly identity: Identity;
  readonly crypto: Crypto;
  readonly monotonic_ms: () => number;
  readonly utc_ms: () => number;
  readonly onTime: (sample: ClockSample) => void;
  /** The log shrank, or a new one names less than this agent saw. */
  readonly onHistoryLost: (error: LanProofError, seen_size: number) => void;
  /** The log was rewritten: it contradicts what this agent saw. Says whether a person knows. */
  readonly onRewritten: (
    error: LanProofError,
    found: Contradiction,
  ) => 'new' | 'open' | 'acknowledged';
  /** New log-open documents, verified; kept for the next start. */
  readonly onLogs: (log_open: readonly Envelope[]) => void;
}

/** Knows the newest checkpoint that was verified here, and when to verify the next one. */
export class ProofKeeper {
  readonly #deps: ProofDeps;
  #logs: Map<string, LogOpen>;
  #envelopes: readonly Envelope[];
  #seen: SeenCheckpoint;
  #lastTry_ms: number | undefined;
  #wanted = true;
  #noteSealed = '';
  #lostTold = '';

  constructor(deps: ProofDeps) {
    this.#deps = deps;
    this.#logs = new Map(deps.identity.logs);
    this.#envelopes = deps.identity.enrolment.log_open;
    this.#seen = this.#stored();
  }

  /** Whether the document key opened this log. */
  knowsLog(origin: string): boolean {
    return this.#logs.has(origin);
  }

  get seen(): SeenCheckpoint {
    return this.#seen;
  }

  /** `seen` for the next header: the note itself only when it changed since the last one. */
  forHeader(): BatchHeader['seen'] {
    const { origin, size, note } = this.#seen;
    if (note === this.#noteSealed) return { log: origin, size };
    this.#noteSealed = note;
    return { log: origin, size, checkpoint: note };
  }

  /** What an answer says of the log; it is only a hint to look closer. */
  note(checkpoint: string, renew: boolean): void {
    const [origin, size] = checkpoint.split('\n');
    const odd = origin !== this.#seen.origin || Number(size) < this.#seen.size;
    if (renew || odd) this.#wanted = true;
  }

  /** The collector lost what it had: its log is looked at before anything more is sent there. */
  doubt(): void {
    this.#lastTry_ms = undefined;
  }

  /** First delivery of this process, hourly, and when something asked for it. */
  due(sent_to: number): boolean {
    if (sent_to === 0) return false;
    const last = this.#lastTry_ms;
    if (last === undefined) return true;
    const past_ms = this.#deps.monotonic_ms() - last;
    return past_ms >= PROOF_MS || (this.#wanted && past_ms >= RENEW_MS_MIN);
  }

  /**
   * Fetches and checks a proof for the newest delivered batch. Throws what checkProof throws;
   * then nothing counts as proven and the old checkpoint stays.
   */
  async prove(signal?: AbortSignal): Promise<void> {
    const { api, spool, identity, crypto, onTime } = this.#deps;
    this.#lastTry_ms = this.#deps.monotonic_ms();
    const { sent_to: seq } = spool.marks;
    const hash = spool.hashOf(seq);
    if (hash === undefined) return;
    const path = `/api/v1/agents/self/proof?epoch=${identity.epoch}&seq=${seq}`;
    let { answer, sample } = await api.get(`${path}&from=${this.#seen.size}`, {}, signal);
    if (sample !== undefined) onTime(sample);
    if (answer.status === 409 && readError(answer).code === 'LOG_SMALLER') {
      // A restored collector, in a new log or not: only its signed checkpoint can tell which.
      ({ answer, sample } = await api.get(`${path}&from=0`, {}, signal));
    }
    if (answer.status !== 200) {
      const { code, message, hint } = readError(answer);
      throw new LanProofError('PROOF_MISSING', `${answer.status} ${code}: ${message}`, {
        hint,
        place: `batch ${seq}`,
        fatal: false,
      });
    }
    const proof = readProof(jsonOf(answer));
    const origin = proof.checkpoint.split('\n')[0] ?? '';
    if (!this.#logs.has(origin)) await this.#learnLogs(signal);
    const opened = this.#logs.get(origin);
    if (opened === undefined) throw unknownLog(origin);
    const log = { origin, key: fromBase64(opened.log_key) };
    const own = { site: identity.site, agent: identity.agent, epoch: identity.epoch, seq, hash };
    if (origin !== this.#seen.origin) await this.#follow(signal);
    try {
      this.#seen = checkProof(crypto, proof, own, log, this.#seen);
    } catch (error) {
      if (error instanceof LanProofError && error.code === 'HISTORY_LOST') this.#lost(error);
      if (error instanceof LanProofError && error.code === 'HISTORY_REWRITTEN') {
        const { checkpoint: shown, consistency } = proof;
        this.#rewritten(error, { shown, log_open: null, consistency });
      }
      throw error;
    }
    this.#wanted = false;
    spool.setMeta('seen', this.#seen.note);
    spool.markProven(seq, this.#deps.utc_ms());
  }

  /** Tells it, and shows the checkpoint once more: the next header is the report of it. */
  #lost(error: LanProofError): void {
    this.#noteSealed = '';
    // The same loss is found at every try until the collector goes on in a new log.
    if (error.message === this.#lostTold) return;
    this.#lostTold = error.message;
    this.#deps.onHistoryLost(error, this.#seen.size);
  }

  #rewritten(
    error: LanProofError,
    found: Pick<Contradiction, 'shown' | 'log_open' | 'consistency'>,
  ): 'new' | 'open' | 'acknowledged' {
    this.#noteSealed = '';
    // Asking every minute would only make a new pair of checkpoints every minute.
    this.#wanted = false;
    const { origin: log, note: seen } = this.#seen;
    const at_ms = Math.max(0, Math.round(this.#deps.utc_ms()));
    const { message } = error;
    return this.#deps.onRewritten(error, { v: 1, at_ms, log, message, seen, ...found });
  }

  /** Before another log is followed: does it stand on what this agent saw of the one before? */
  async #follow(signal: AbortSignal | undefined): Promise<void> {
    const { api, crypto } = this.#deps;
    const found = await followLog(api, crypto, this.#seen, [...this.#logs.values()], signal);
    if (found === undefined) return;
    if (found.kind === 'lost') {
      this.#lost(found.error);
      return;
    }
    const log_open = this.#envelopeOf(found.log);
    const { consistency } = found;
    const known = this.#rewritten(found.error, { shown: null, log_open, consistency });
    if (known !== 'acknowledged') throw found.error;
  }

  #envelopeOf(log: string): Envelope | null {
    const at = [...this.#logs.keys()].indexOf(log);
    return this.#envelopes[at] ?? null;
  }

  /** A restored collector goes on in a new log; it is followed by a signed log-open alone. */
  async #learnLogs(signal: AbortSignal | undefined): Promise<void> {
    const { api, crypto, identity } = this.#deps;
    const { answer } = await api.get('/api/v1/agents/self/logs', {}, signal);
    if (answer.status !== 200) return;
    const { log_open } = Object.assign({ log_open: [] as unknown }, jsonOf(answer));
    if (!Array.isArray(log_open)) return;
    const newest = log_open.slice(-LOGS_MAX) as Envelope[];
    const mine = underKey(newest, identity.enrolment.document_key);
    for (const envelope of mine) {
      const text = serializeEnvelope(envelope);
      const opened = openDocument(crypto, text, 'log-open', identity.document_key);
      if (this.#logs.has(opened.log)) continue;
      this.#logs.set(opened.log, opened);
      // What is known stays known: without the log of its enrolment an agent cannot start.
      this.#envelopes = [...this.#envelopes, parseEnvelope(envelope)];
      this.#deps.onLogs(this.#envelopes);
    }
  }

  /** The checkpoint verified last, from the spool; after a loss the one of the enrolment. */
  #stored(): SeenCheckpoint {
    const { spool, identity, crypto } = this.#deps;
    const notes = [spool.meta('seen'), identity.enrolment.checkpoint];
    for (const note of notes) {
      if (note === undefined) continue;
      const origin = note.split('\n')[0] ?? '';
      const opened = this.#logs.get(origin);
      if (opened === undefined) continue;
      return { ...openCheckpoint(crypto, note, origin, fromBase64(opened.log_key)), note };
    }
    throw unknownLog(identity.log);
  }
}

function unknownLog(origin: string): LanProofError {
  return new LanProofError('LOG_UNKNOWN', `the log ${origin.slice(0, 100)} is not known here`, {
    hint: 'the collector must show the log-open document that its document key signed',
    fatal: false,
  });
}
