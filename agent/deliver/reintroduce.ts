import { LanProofError } from '../../shared/errors.ts';
import { type Envelope, parseEnvelope } from '../../shared/evidence/dsse.ts';
import type { ReintroduceAnswer, ReintroduceRequest } from '../../shared/measure/protocol.ts';
import { jsonOf } from '../http.ts';
import { type Refused, readRefused, readReintroduced } from './answers.ts';
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
  | { readonly refused: Refused };

/**
 * A collector that was put back to an older copy may not know this agent. It once signed the
 * enrolment and the target list, so showing them is enough; nobody has to type a token.
 */
export class Reintroducer {
  readonly #deps: ReintroduceDeps;
  #refused_ms = Number.NEGATIVE_INFINITY;
  #listed_ms = Number.NEGATIVE_INFINITY;

  constructor(deps: ReintroduceDeps) {
    this.#deps = deps;
  }

  /** Undefined where it was refused shortly before. Throws LanProofError where no answer came. */
  async ask(signal?: AbortSignal): Promise<Reintroduced | undefined> {
    if (this.#isPaused(this.#refused_ms)) return undefined;
    const answer = await this.show(undefined, signal);
    if ('refused' in answer && isRefusal(answer.refused)) {
      this.#refused_ms = this.#deps.monotonic_ms();
    }
    return answer;
  }

  /**
   * Shows all documents, however shortly before they were shown; with them `hole`, the text of a
   * hole under an older key. Throws LanProofError where no answer came.
   */
  async show(hole: string | undefined, signal?: AbortSignal): Promise<Reintroduced> {
    const { api, enrol, rotations = [], targets } = this.#deps;
    const body: ReintroduceRequest = {
      ...{ enrol, targets: targets()?.envelope ?? null },
      ...(rotations.length === 0 ? {} : { rotations }),
      ...(hole === undefined ? {} : { hole: parseEnvelope(hole) }),
    };
    const answer = await api.post(PATH, body, signal);
    if (answer.status === 200) return { expect: readReintroduced(jsonOf(answer)) };
    return { refused: readRefused(answer) };
  }

  /** Shows the list where the collector's newest one, `version`, is older. Never refuses. */
  async showList(version: number, signal?: AbortSignal): Promise<void> {
    if (version >= (this.#deps.targets()?.version ?? 0)) return;
    if (this.#isPaused(this.#listed_ms)) return;
    try {
      const answer = await this.show(undefined, signal);
      if ('refused' in answer && !isRefusal(answer.refused)) return;
      this.#listed_ms = this.#deps.monotonic_ms();
    } catch (error) {
      // The batch arrived; that is what counts, and the next answer brings one here again.
      if (!(error instanceof LanProofError)) throw error;
    }
  }

  #isPaused(since_ms: number): boolean {
    return this.#deps.monotonic_ms() - since_ms < REINTRODUCE_MS;
  }
}

/** Whether the collector judged what it was shown; else it was busy, or the nonce too old. */
function isRefusal({ status, code }: Refused): boolean {
  return status >= 400 && status < 500 && status !== 429 && code !== 'NONCE_INVALID';
}
