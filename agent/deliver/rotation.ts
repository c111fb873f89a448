import type { Identity, KeyRotation } from '../identity.ts';
import type { Spool } from '../spool.ts';
import { type AnswerError, readError } from './answers.ts';
import type { AgentApi } from './api.ts';
import { retryAfterMs } from './backoff.ts';

const PATH = '/api/v1/agents/self/rotate';

export interface RotationDeps {
  readonly api: AgentApi;
  readonly spool: Spool;
  readonly identity: Pick<Identity, 'epoch' | 'rotations'>;
}

type Refused = AnswerError & { readonly status: number; readonly retry_ms: number };

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
  async tell({ envelope }: KeyRotation, signal?: AbortSignal): Promise<Refused | undefined> {
    const answer = await this.#deps.api.post(PATH, { rotate: envelope }, signal);
    if (answer.status !== 200) {
      const retry_ms = retryAfterMs(answer.headers['retry-after'], answer.headers.date);
      return { status: answer.status, retry_ms, ...readError(answer) };
    }
    this.#note(this.#told + 1);
    return undefined;
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
