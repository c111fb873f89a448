/**
 * What to ask when an answer does not fit or GETBULK stays unanswered: repetitions of a GETBULK
 * over all columns; `next`: GETNEXT for all columns; `single`: GETNEXT for one column at a time.
 */
const LADDER = [20, 10, 5, 1, 'next', 'single'] as const;
export type RequestForm = (typeof LADDER)[number];

const STEP_10 = LADDER.indexOf(10);
const STEP_NEXT = LADDER.indexOf('next');
const STEP_LAST = LADDER.length - 1;

/** Walks without trouble until a larger request is tried again: half an hour of polls a minute. */
export const GOOD_WALKS_MIN = 30;
/** A device that refused each time is tried no more seldom than about twice a day. */
export const GOOD_WALKS_MAX = 960;

/**
 * How much one device is asked for at once. It belongs to the device: what proved necessary is
 * remembered over its polls. After many good walks the next larger request is tried; each time
 * that this fails the wait doubles.
 */
export class RequestSize {
  readonly #first: number;
  #step: number;
  #good = 0;
  #wait = GOOD_WALKS_MIN;
  /** The last change was upward and has not yet stood for a whole wait. */
  #trial = false;

  /** `bulk`: whether the protocol has GETBULK; SNMPv1 has not. */
  constructor(bulk: boolean) {
    this.#first = bulk ? 0 : STEP_NEXT;
    this.#step = this.#first;
  }

  get form(): RequestForm {
    return LADDER[this.#step] ?? 'single';
  }

  /** Steps below the first. */
  get steps(): number {
    return this.#step - this.#first;
  }

  /** The same step later, for a walk that failed in a way that smaller requests do not mend. */
  get mark(): number {
    return this.#step;
  }

  back(mark: number): void {
    this.#step = mark;
  }

  /** The answer was too big, empty or an error. False: there is no smaller request. */
  smaller(): boolean {
    // An error or nothing at all to one repetition is no question of size: then no GETBULK at all.
    return this.#down(Math.min(this.#step + 1, STEP_LAST));
  }

  /** The device refuses GETBULK as such. */
  withoutBulk(): boolean {
    return this.#down(Math.max(STEP_NEXT, Math.min(this.#step + 1, STEP_LAST)));
  }

  /** No answer came: some agents choke on large requests, some never answer GETBULK. */
  unanswered(): boolean {
    if (this.#step >= STEP_NEXT) return false;
    return this.#down(this.#step < STEP_10 ? STEP_10 : STEP_NEXT);
  }

  /** A whole walk went well without a change downward. */
  good(): void {
    if (this.#step === this.#first) {
      this.#trial = false;
      return;
    }
    this.#good++;
    if (this.#good < this.#wait) return;
    this.#good = 0;
    this.#step--;
    this.#trial = true;
  }

  #down(step: number): boolean {
    if (step === this.#step) return false;
    if (this.#trial) this.#wait = Math.min(this.#wait * 2, GOOD_WALKS_MAX);
    this.#trial = false;
    this.#good = 0;
    this.#step = step;
    return true;
  }
}
