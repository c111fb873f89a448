import { LanProofError } from '../../shared/errors.ts';
import type { Envelope } from '../../shared/evidence/dsse.ts';
import type { ReintroduceAnswer, ReintroduceRequest } from '../../shared/measure/protocol.ts';
import { jsonOf } from '../http.ts';
import { type AnswerError, readError, readReintroduced } from './answers.ts';
import type { AgentApi } from './api.ts';

/** A collector that refused is not asked again sooner: a person must act there first, ms. */
export const REINTRODUCE_MS = 5 * 60_000;
const PATH = '/api/v1/agents/reintroduce';

export interface ReintroduceDeps {
  readonly api: AgentApi;
  /** The document that enrolled this agent. */
  readonly enrol: Envelope;
  /** How that key became the one in use. */
  readonly rotations?: readonly Envelope[];
  /** The newest target list with its version; undefined before the first one. */
  readonly targets: () => { readonly version: number; readonly envelope: Envelope } | undefined;
  readonly monotonic_ms: () => number;
}

/** Where the chain goes on, or why the collector does not take this agent in again. */
export type Reintroduced =
  | { readonly expect: ReintroduceAnswer['expect'] }
  | { readonly refused: { readonly status: number } & AnswerError };

/**
 * A collector that was put back to an older copy may not know this agent. It once signed the
 * enrolment and the target list, so showing them is enough; nobody has to type a token.
 */
export class Reintroducer {
  readonly #deps: ReintroduceDeps;
  #asked_ms = Number.NEGATIVE_INFINITY;

  constructor(deps: ReintroduceDeps) {
    this.#deps = deps;
  }

  /** Undefined where it was asked shortly before. Throws LanProofError where no answer came. */
  async ask(signal?: AbortSignal): Promise<Reintroduced | undefined> {
    const { api, enrol, rotations = [], targets, monotonic_ms } = this.#deps;
    const now_ms = monotonic_ms();
    if (now_ms - this.#asked_ms < REINTRODUCE_MS) return undefined;
    this.#asked_ms = now_ms;
    const more = rotations.length === 0 ? {} : { rotations };
    const body: ReintroduceRequest = { enrol, targets: targets()?.envelope ?? null, ...more };
    const answer = await api.post(PATH, body, signal);
    if (answer.status === 200) return { expect: readReintroduced(jsonOf(answer)) };
    return { refused: { status: answer.status, ...readError(answer) } };
  }

  /** Shows the list where the collector's newest one, `version`, is older. Never refuses. */
  async showList(version: number, signal?: AbortSignal): Promise<void> {
    if (version >= (this.#deps.targets()?.version ?? 0)) return;
    try {
      await this.ask(signal);
    } catch (error) {
      // The batch arrived; that is what counts, and the next answer brings one here again.
      if (!(error instanceof LanProofError)) throw error;
    }
  }
}
