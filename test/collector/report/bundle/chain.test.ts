import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { openChain } from '../../../../collector/report/bundle/chain.ts';
import type { PlacedDocument } from '../../../../collector/report/bundle/scope.ts';
import type { BatchRow } from '../../../../collector/store/rows.ts';
import { toBase64 } from '../../../../shared/bytes.ts';
import { signDocument } from '../../../../shared/evidence/documents.ts';
import type { LeafKind } from '../../../../shared/evidence/leaf.ts';
import { createNodeCrypto, generateSigner } from '../../../../shared/node/crypto.ts';

const crypto = createNodeCrypto();
const { signer } = generateSigner();
const KEY = { site: 'a', agent: 'do-1' };

function hashOf(epoch: number, seq: number): Uint8Array {
  return crypto.sha256(Uint8Array.of(epoch, seq));
}

function row(epoch: number, seq: number, leaf: number): BatchRow {
  const bytes = {
    hash: hashOf(epoch, seq),
    header: Uint8Array.of(1),
    signature: new Uint8Array(64),
  };
  return { ...KEY, epoch, seq, ...bytes, recv_ms: leaf, log: 1, leaf, fault: null, sections: [] };
}

function placed(kind: LeafKind, epoch: number, seq: number, text: string): PlacedDocument {
  const at = { log: 1, leaf: 0, kind, ...KEY, epoch, seq, recv_ms: 0 };
  return { leaf: { ...at, hash: new Uint8Array(32) }, text };
}

function hole(epoch: number, from_seq: number, to_seq: number): PlacedDocument {
  const next_prev = toBase64(hashOf(epoch, to_seq));
  const said = { v: 1, ...KEY, epoch, from_seq, to_seq, reason: 'lost_disk', at_ms: 0, next_prev };
  return placed('hole', epoch, from_seq, signDocument(crypto, signer, 'hole', said as never));
}

/** Runs of batches with a hole behind each but the last; some epochs never sent anything. */
const epochs = fc.array(
  fc.array(
    fc.record({ batches: fc.integer({ min: 1, max: 20 }), lost: fc.integer({ min: 1, max: 9 }) }),
    {
      maxLength: 3,
    },
  ),
  { minLength: 1, maxLength: 4 },
);

test('a chain is every batch of all epochs in order, up to the checkpoint', async () => {
  await fc.assert(
    fc.asyncProperty(epochs, fc.nat(), async (plan, cut) => {
      const rows: BatchRow[] = [];
      const before: (string | null)[] = [];
      const documents: PlacedDocument[] = [];
      for (const [at, runs] of plan.entries()) {
        const epoch = at + 1;
        documents.push(placed('enrol', epoch, 0, ''));
        let seq = 0;
        for (const [run, { batches, lost }] of runs.entries()) {
          if (run > 0) {
            documents.push(hole(epoch, seq + 1, seq + lost));
            seq += lost;
          }
          for (let count = 0; count < batches; count++) {
            before.push(seq === 0 ? null : toBase64(hashOf(epoch, seq)));
            seq += 1;
            rows.push(row(epoch, seq, rows.length));
          }
        }
      }
      const size = cut % (rows.length + 1);
      const byKey = new Map(rows.map((one) => [`${one.epoch}/${one.seq}`, one]));
      const store = {
        batch: async (_: string, __: string, epoch: number, seq: number) =>
          byKey.get(`${epoch}/${seq}`) ?? null,
      };
      const head = { log: 1, origin: 'x', size, root: new Uint8Array(32), note: '', at_ms: 0 };
      const chain = await openChain(store, 'a', 'do-1', documents, head);
      assert.equal(chain.count, size);
      for (let index = 0; index < size; index++) {
        assert.equal(await chain.at(index), rows[index]);
        assert.equal(await chain.before(index), before[index]);
      }
      await assert.rejects(chain.at(size), RangeError);
    }),
    { numRuns: 60 },
  );
});
