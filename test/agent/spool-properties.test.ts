import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { SealedBatch } from '../../agent/seal.ts';
import type { Spool } from '../../agent/spool.ts';
import { toHex } from '../../shared/bytes.ts';
import { freshlyEnrolled, sealNext, spoolIn } from '../support/agent-kit.ts';

const ORIGIN = { epoch: 1, seq: 0, hash: new Uint8Array(32).fill(3) };
const WALL_MS = 1_790_000_000_000;
/** Each run opens a database and syncs after every batch. */
const RUNS = 25;
/** Room for some five of the larger batches. */
const TIGHT_BYTES = 400_000;
const FILL_BYTES = 48_000;

type Step = { readonly do: 'put' | 'deliver' | 'prove' | 'reopen' | 'restore'; readonly n: number };

const step = fc.record<Step>({
  do: fc.constantFrom('put', 'put', 'put', 'deliver', 'deliver', 'prove', 'reopen', 'restore'),
  n: fc.integer({ min: 1, max: 6 }),
});

/** The spool beside a model of what was sealed and of what a collector has. */
class Model {
  readonly #dir = mkdtempSync(join(tmpdir(), 'lanproof-spool-'));
  readonly #bytes_max: number;
  readonly #fill: number;
  readonly #sealed = new Map<number, SealedBatch>();
  #spool: Spool;
  #expect = 1;
  holes = 0;

  constructor(tight: boolean) {
    this.#bytes_max = tight ? TIGHT_BYTES : 64 * 1024 * 1024;
    this.#fill = tight ? FILL_BYTES : 0;
    freshlyEnrolled(this.#dir);
    this.#spool = this.#open();
  }

  run({ do: what, n }: Step): void {
    if (what === 'put') for (let at = 0; at < n; at++) this.#put();
    if (what === 'deliver') for (let at = 0; at < n; at++) this.#deliver();
    if (what === 'prove') this.#prove();
    if (what === 'reopen') this.#reopen();
    if (what === 'restore') this.#restore(n);
    this.#check();
  }

  /** All that is left goes out: then the collector has the whole chain. */
  end(): void {
    while (this.#deliver()) this.#check();
    assert.equal(this.#expect, this.#spool.head.seq + 1, 'the chain was delivered to its end');
    this.#spool.close();
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #open(): Spool {
    const onLost = (message: string): never => assert.fail(message);
    return spoolIn(this.#dir, ORIGIN, { bytes_max: this.#bytes_max, onLost });
  }

  #put(): void {
    const batch = sealNext(this.#spool.head, this.#fill);
    assert.ok(!this.#sealed.has(batch.seq), `seq ${batch.seq} is used twice`);
    assert.equal(this.#spool.put(batch), true);
    this.#sealed.set(batch.seq, batch);
  }

  #deliver(): boolean {
    const item = this.#spool.next();
    if (item === undefined) return false;
    if (item.kind === 'batch') {
      assert.equal(item.seq, this.#expect);
      const sealed = this.#sealed.get(item.seq);
      assert.ok(sealed !== undefined);
      assert.equal(toHex(item.body), toHex(sealed.body), 'byte for byte');
      this.#expect = item.seq + 1;
      this.#spool.markSent(item.seq);
      return true;
    }
    assert.equal(item.from_seq, this.#expect);
    assert.ok(item.to_seq >= item.from_seq && item.to_seq < this.#spool.head.seq);
    for (let seq = item.from_seq; seq <= item.to_seq; seq++) {
      assert.equal(this.#spool.hashOf(seq), undefined, `batch ${seq} is here, not lost`);
    }
    const next = this.#sealed.get(item.to_seq + 1);
    assert.equal(toHex(item.next_prev), toHex(next?.prev ?? new Uint8Array()));
    this.holes += 1;
    this.#expect = item.to_seq + 1;
    this.#spool.markSent(item.to_seq);
    return true;
  }

  #prove(): void {
    const { sent_to } = this.#spool.marks;
    if (this.#spool.hashOf(sent_to) !== undefined) this.#spool.markProven(sent_to, WALL_MS);
  }

  #reopen(): void {
    const { head, marks } = this.#spool;
    this.#spool.close();
    this.#spool = this.#open();
    assert.deepEqual(this.#spool.marks, marks);
    assert.deepEqual(
      [this.#spool.head.seq, toHex(this.#spool.head.hash)],
      [head.seq, toHex(head.hash)],
    );
  }

  /** The collector is put back by some batches and says what it expects. */
  #restore(back: number): void {
    this.#expect = Math.max(1, this.#expect - back);
    assert.equal(this.#spool.rewind(this.#expect), 'ok');
  }

  #check(): void {
    const { head, marks, waiting } = this.#spool;
    assert.equal(head.seq, this.#sealed.size);
    assert.equal(marks.sent_to, this.#expect - 1);
    assert.ok(marks.proven_to <= marks.sent_to);
    assert.ok(waiting <= head.seq - marks.sent_to);
    if (this.#sealed.size > 0) assert.ok(this.#spool.hashOf(head.seq), 'the newest one stays');
  }
}

for (const tight of [false, true]) {
  const name = tight ? 'a full spool leaves honest holes' : 'nothing is lost, doubled or reordered';
  test(`property: ${name}, whatever happens in whatever order`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const model = new Model(tight);
        try {
          for (const one of steps) model.run(one);
          model.end();
          if (!tight) assert.equal(model.holes, 0);
        } finally {
          model.remove();
        }
      }),
      { numRuns: RUNS },
    );
  });
}
