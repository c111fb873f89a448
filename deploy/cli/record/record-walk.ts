import type { SnmpFailure } from '../../../agent/snmp/failure.ts';
import { placeOf } from '../../../agent/snmp/request.ts';
import type { SnmpSession } from '../../../agent/snmp/session.ts';
import { isMissing, numberOf, TAG } from '../../../agent/snmp/value.ts';
import { follows, readList, type VarbindList } from '../../../agent/snmp/varbinds.ts';

/** BER tags that a recording holds besides those of figures. */
export const IP_ADDRESS = 64;
const OPAQUE = 68;

/** One object as the device gave it. */
export interface RecordedRow {
  readonly oid: string;
  /** BER tag. */
  readonly type: number;
  readonly value: number | bigint | string | Uint8Array;
  /** It came after a greater OID: the device broke the order here. */
  readonly disordered?: true;
}

export interface RecordLimits {
  /** Objects, requests and ms after which the walk ends with what it has. */
  readonly rows_max: number;
  readonly pdus_max: number;
  readonly ms_max: number;
}

export interface FullWalk {
  readonly rows: readonly RecordedRow[];
  readonly pdus: number;
  /** Why it ended before the end of the tree, one sentence; undefined where it did not. */
  readonly cut: string | undefined;
  /** Nothing that came was SNMP of the device: not one object, not one error. */
  readonly silent: boolean;
}

/** Places where a device repeats or goes back; more of them are one endless loop. */
const JUMPS_MAX = 64;

export interface WalkPlan {
  readonly roots: readonly string[];
  /** Subtrees that are not asked for. */
  readonly left_out: readonly string[];
  readonly limits: RecordLimits;
  readonly progress: (rows: number, pdus: number, oid: string) => void;
}

/**
 * Walks everything below `roots`, one request after the other. It always ends: where a device
 * repeats or goes back, what it said is kept and the walk jumps on. Never rejects.
 */
export async function walkAll(
  session: SnmpSession,
  plan: WalkPlan,
  stop: AbortSignal,
): Promise<FullWalk> {
  const walk = new TreeWalk(session, plan, stop);
  for (const root of plan.roots) {
    const cut = await walk.below(root);
    if (cut !== undefined) return walk.end(cut);
  }
  return walk.end(undefined);
}

class TreeWalk {
  readonly rows: RecordedRow[] = [];
  pdus = 0;
  readonly #session: SnmpSession;
  readonly #plan: WalkPlan;
  readonly #stop: AbortSignal;
  readonly #deadline: AbortSignal;
  #jumps = 0;
  #at = '';

  constructor(session: SnmpSession, plan: WalkPlan, stop: AbortSignal) {
    this.#session = session;
    this.#plan = plan;
    this.#stop = stop;
    this.#deadline = AbortSignal.any([stop, AbortSignal.timeout(plan.limits.ms_max)]);
  }

  end(cut: string | undefined): FullWalk {
    const { rows, pdus } = this;
    return { rows, pdus, cut, silent: this.#session.counts.received === 0 };
  }

  /** Why the whole walk must end; undefined at the end of this subtree. */
  async below(root: string): Promise<string | undefined> {
    this.#at = root;
    for (;;) {
      const over = this.#over();
      if (over !== undefined) return over;
      const answer = await this.#ask();
      this.pdus++;
      if ('failed' in answer) {
        const end = this.#afterFailure(answer, root);
        if (end === 'on') continue;
        return end === 'end' ? undefined : end;
      }
      if (this.#take(answer, root)) return undefined;
      this.#plan.progress(this.rows.length, this.pdus, this.#at);
    }
  }

  #over(): string | undefined {
    const { rows_max, pdus_max } = this.#plan.limits;
    if (this.#stop.aborted) return 'stopped by hand';
    if (this.#deadline.aborted) return 'the time was up';
    if (this.rows.length >= rows_max) {
      return `the limit of ${rows_max} objects was reached (--rows)`;
    }
    if (this.pdus >= pdus_max) return `the limit of ${pdus_max} requests was reached`;
    if (this.#jumps >= JUMPS_MAX) return 'the device repeats itself without end';
    return undefined;
  }

  async #ask(): Promise<VarbindList | SnmpFailure> {
    const { form } = this.#session.request_size;
    if (typeof form === 'number') {
      const wanted = Math.min(form, this.#plan.limits.rows_max - this.rows.length);
      const answer = await this.#session.getBulk([placeOf(this.#at)], wanted, this.#deadline);
      return answer.ok ? answer.value : answer;
    }
    const answer = await this.#session.getNext([this.#at], this.#deadline);
    return answer.ok ? readList([answer.value]) : answer;
  }

  #afterFailure(failed: SnmpFailure, root: string): string | 'on' | 'end' {
    const size = this.#session.request_size;
    const over = this.#over();
    if (over !== undefined) return over;
    const several = typeof size.form === 'number';
    if (failed.failed === 'too_big' || failed.failed === 'empty') {
      if (several && size.smaller()) return 'on';
      return this.#jump(root) ? 'on' : 'end';
    }
    if (failed.failed === 'snmp_error') {
      // SNMPv1 says the end of the tree in this way.
      if (several && size.withoutBulk()) return 'on';
      return 'end';
    }
    // Some devices answer GETNEXT alone; a silent one costs some seconds more.
    if (failed.failed === 'timeout' && size.unanswered()) return 'on';
    if (failed.failed === 'timeout' && this.rows.length > 0) {
      return `the device stopped answering after ${this.rows.length} objects, at ${this.#at}`;
    }
    return `${failed.detail} (${failed.failed})`;
  }

  /** True at the end of the subtree. */
  #take(list: VarbindList, root: string): boolean {
    let moved = false;
    for (let k = 0; k < list.length; k++) {
      // Devices may give more than was asked for.
      if (this.rows.length >= this.#plan.limits.rows_max) return false;
      const type = list.typeOf(k);
      if (isMissing({ type })) return true;
      const oid = list.oidOf(k);
      if (!oid.startsWith(`${root}.`)) return true;
      const skipped = this.#plan.left_out.find((tree) => oid.startsWith(`${tree}.`));
      if (skipped !== undefined) {
        this.#at = after(skipped);
        return false;
      }
      const value = readable(type, list.valueOf(k));
      if (!follows(this.#at, oid)) {
        if (value !== undefined) this.rows.push({ oid, type, value, disordered: true });
        return !this.#jump(root);
      }
      if (value !== undefined) this.rows.push({ oid, type, value });
      this.#at = oid;
      moved = true;
    }
    return !moved && !this.#jump(root);
  }

  /** Goes on behind the column that does not end; false where that leaves the subtree. */
  #jump(root: string): boolean {
    this.#jumps++;
    const parent = this.#at.split('.').slice(0, -1).join('.');
    if (!parent.startsWith(`${root}.`)) return false;
    this.#at = after(parent);
    return true;
  }
}

/** The OID behind a whole subtree; the objects in between are never asked for. */
function after(tree: string): string {
  const arcs = tree.split('.');
  const last = Number(arcs.pop() ?? 0);
  return [...arcs, last + 1].join('.');
}

function readable(type: number, value: unknown): RecordedRow['value'] | undefined {
  switch (type) {
    case TAG.OCTET_STRING:
    case OPAQUE:
      // A copy: the bytes lie in a datagram that would stay in memory with them.
      return value instanceof Uint8Array ? Uint8Array.from(value) : undefined;
    case TAG.OID:
    case IP_ADDRESS:
      return typeof value === 'string' ? value : undefined;
    default:
      return numberOf({ type, value });
  }
}
