import type { Identity, KeyRotation } from '../identity.ts';
import type { Spool } from '../spool.ts';
import { type Refused, readRefused } from './answers.ts';
import type { AgentApi } from './api.ts';
import type { Reintroducer } from './reintroduce.ts';

const PATH = '/api/v1/agents/self/rotate';

export interface RotationDeps {
  readonly api: AgentApi;
  readonly spool: Spool;
  readonly identity: Pick<Identity, 'epoch' | 'rotations'>;
  readonly reintroducer: Reintroducer;
}

/**
 * Tells the collector of new keys, each before the first batch that it signed. What was told is
 * noted in the spool; told again it changes nothing.
 */
export class RotationTeller {
  readonly #deps: RotationDeps;
  #told: number;

  constructor(deps: RotationDeps) {
    this.#deps = deps;
    this.#told = Number(deps.spool.meta(this.#key) ?? 0);
  }

  /** Whether the collector still has to hear of the key in use. */
  get pending(): boolean {
    return this.#told < this.#deps.identity.rotations.length;
  }

  /** The rotation that has to be told before anything behind `sent_to` is sent. */
  due(sent_to: number): KeyRotation | undefined {
    const next = this.#deps.identity.rotations[this.#told];
    return next !== undefined && sent_to >= next.after_seq ? next : undefined;
  }

  /** Undefined: the collector knows it now. Throws what keeps the collector from being asked. */
  async tell(rotation: KeyRotation, signal?: AbortSignal): Promise<Refused | undefined> {
    const { api, identity } = this.#deps;
    const { envelope, after_seq } = rotation;
    // The key that it begins signs the request. Where that one is gone, too, all are shown.
    if (rotation !== identity.rotations.at(-1)) return this.show(undefined, after_seq, signal);
    const answer = await api.post(PATH, { rotate: envelope }, signal);
    if (answer.status !== 200) return readRefused(answer);
    this.#note(identity.rotations.length);
    return undefined;
  }

  /**
   * Shows how the key in use became that, and with it perhaps the text of a hole up to `to_seq`
   * that it signed for an older one. Undefined: the chain there goes on behind `to_seq`. Throws as
   * `tell`.
   */
  async show(
    hole: string | undefined,
    to_seq: number,
    signal: AbortSignal | undefined,
  ): Promise<Refused | undefined> {
    const answer = await this.#deps.reintroducer.show(hole, signal);
    if ('refused' in answer) return answer.refused;
    const { expect } = answer;
    // It puts each key in force that its chain has reached.
    const { rotations } = this.#deps.identity;
    this.#note(rotations.filter(({ after_seq }) => after_seq < expect.seq).length);
    if (expect.seq === to_seq + 1) return undefined;
    const message = `seq ${expect.seq} is expected`;
    return { status: 409, code: 'EXPECT', message, hint: '', expect, retry_ms: 0 };
  }

  /** The collector expects `seq`: keys that begin there or later may be unknown to it. */
  rewound(seq: number): void {
    const { rotations } = this.#deps.identity;
    const known = rotations.filter(({ after_seq }) => after_seq < seq - 1).length;
    if (known < this.#told) this.#note(known);
  }

  #note(told: number): void {
    this.#told = told;
    this.#deps.spool.setMeta(this.#key, String(told));
  }

  get #key(): string {
    return `rotations/${this.#deps.identity.epoch}`;
  }
}
