import { type AgentEvent, EVENTS_MAX, type EventCode } from '../../shared/measure/batch.ts';

/** Events of one header: 64 KiB hold ten times as many; the rest waits for the next batch. */
const EVENTS_PER_BATCH_MAX = 64;

/** Readers count by these, so no storm of others may hold them up: each stays a rare event. */
const NEEDED: ReadonlySet<EventCode> = new Set([
  'start',
  'stop',
  'list_applied',
  'clock_step',
  'suspend',
  'history_lost',
]);

/** Events that no batch has yet. */
export class EventQueue {
  #events: AgentEvent[] = [];

  /** Of EVENTS_MAX waiting ones the oldest that is not needed makes room for one that is. */
  add(event: AgentEvent): void {
    if (this.#events.length >= EVENTS_MAX) {
      const other = this.#events.findIndex(({ code }) => !NEEDED.has(code));
      if (other < 0 || !NEEDED.has(event.code)) return;
      this.#events.splice(other, 1);
    }
    this.#events.push(event);
  }

  /** What goes into the next header: all that is needed, then the oldest. */
  take(): AgentEvent[] {
    const waiting = this.#events;
    if (waiting.length > EVENTS_PER_BATCH_MAX) {
      waiting.sort((a, b) => Number(NEEDED.has(b.code)) - Number(NEEDED.has(a.code)));
    }
    return waiting.splice(0, EVENTS_PER_BATCH_MAX);
  }

  /** Target indexes change their meaning with the list: no later batch could say who was meant. */
  forgetTargets(): void {
    this.#events = this.#events.filter(({ target }) => target === undefined);
  }
}
