import type { EngineProblemCode, ProbeSink } from './prober.ts';
import type { EngineClock } from './ticked-engine.ts';

/** One line per kind and minute is enough for a person; the rest is counted. */
const REPEAT_MS = 60_000;

/** Tells problems to the sink, each kind at most once a minute, with the number left out. */
export class ProblemReporter {
  readonly #sink: ProbeSink;
  readonly #clock: EngineClock;
  readonly #last = new Map<EngineProblemCode, { at_ms: number; left_out: number }>();

  constructor(sink: ProbeSink, clock: EngineClock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  report(code: EngineProblemCode, message: string): void {
    const now = this.#clock.monotonic_ms();
    const last = this.#last.get(code);
    if (last !== undefined && now - last.at_ms < REPEAT_MS) {
      last.left_out += 1;
      return;
    }
    const more = last === undefined || last.left_out === 0 ? '' : ` (and ${last.left_out} more)`;
    this.#last.set(code, { at_ms: now, left_out: 0 });
    this.#sink.problem({ code, message: `${message}${more}` });
  }
}
