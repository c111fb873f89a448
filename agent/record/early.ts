import { INFRASTRUCTURE_KINDS, type RawCode } from '../../shared/measure/codes.ts';
import type { PublicTarget } from '../../shared/measure/targets.ts';

/** Losses in a row that make an outage certain (accounting §2). */
const LOSSES_FOR_EARLY = 3;
/** Two early batches are at least this far apart: a flapping switch must not flood the uplink. */
export const EARLY_GAP_MS = 5_000;
/** Early batches in any hour; beyond them the regular minute carries the news. */
export const EARLY_PER_HOUR_MAX = 30;
const HOUR_MS = 3_600_000;

interface Watched {
  losses: number;
  lost: boolean;
}

/** Sees the third loss in a row of an infrastructure target, and its first reply after that. */
export class LossWatch {
  /** By asset code, so that an outage goes on over a list change. */
  readonly #watched = new Map<string, Watched>();

  /** Forgets targets that the new list has no more. */
  useList(targets: readonly PublicTarget[]): void {
    const known = new Set(targets.map(({ code }) => code));
    for (const code of this.#watched.keys()) if (!known.has(code)) this.#watched.delete(code);
  }

  /** True where this verdict is worth an early batch. */
  verdict(target: PublicTarget, code: RawCode): boolean {
    if (!target.own || !INFRASTRUCTURE_KINDS.has(target.kind)) return false;
    let seen = this.#watched.get(target.code);
    if (seen === undefined) {
      seen = { losses: 0, lost: false };
      this.#watched.set(target.code, seen);
    }
    if (code === 'n') {
      seen.losses += 1;
      if (seen.losses !== LOSSES_FOR_EARLY || seen.lost) return false;
      seen.lost = true;
      return true;
    }
    seen.losses = 0;
    if ((code !== 'r' && code !== 'a') || !seen.lost) return false;
    seen.lost = false;
    return true;
  }
}

/** Says when a wish for an early batch may be granted. Monotonic ms. */
export class EarlyLimit {
  /** When the newest tick that is worth an early batch was sent; undefined: none waits. */
  #wished_ms: number | undefined;
  #granted: number[] = [];

  /** `sent_mono_ms`: when the tick was sent; left out, any batch is good enough. */
  wish(sent_mono_ms = Number.NEGATIVE_INFINITY): void {
    this.#wished_ms = Math.max(this.#wished_ms ?? sent_mono_ms, sent_mono_ms);
  }

  /** A batch took the ticks before `to_mono_ms`; a wish behind its boundary is not in it. */
  sealed(to_mono_ms = Number.POSITIVE_INFINITY): void {
    if (this.#wished_ms !== undefined && this.#wished_ms < to_mono_ms) this.#wished_ms = undefined;
  }

  /** True if an early batch is due now; the caller then seals at once. */
  grant(mono_ms: number): boolean {
    if (this.#wished_ms === undefined) return false;
    this.#granted = this.#granted.filter((at) => mono_ms - at < HOUR_MS);
    const last = this.#granted.at(-1);
    if (last !== undefined && mono_ms - last < EARLY_GAP_MS) return false;
    if (this.#granted.length >= EARLY_PER_HOUR_MAX) return false;
    this.#granted.push(mono_ms);
    return true;
  }
}
