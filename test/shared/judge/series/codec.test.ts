import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LanProofError } from '../../../../shared/errors.ts';
import { ByteReader, ByteWriter } from '../../../../shared/judge/series/bytes.ts';
import { readColumn, writeColumn } from '../../../../shared/judge/series/column.ts';
import {
  decodeMinutes,
  decodeTrack,
  encodeDay,
  partOf,
} from '../../../../shared/judge/series/day-chunk.ts';
import {
  DAY_MS,
  type DeviceDay,
  PORT_METRICS,
  type PortMetric,
} from '../../../../shared/judge/series/types.ts';

const DAY = Date.UTC(2026, 10, 23);
const RUNS = { numRuns: 300 };

/** Small, large, alike and extreme ones. */
const value = fc.oneof(
  fc.constantFrom(0, 1, 63, 64, 127, 128, 8_191, 8_192, 2 ** 32, Number.MAX_SAFE_INTEGER),
  fc.nat({ max: 1_000 }),
  fc.maxSafeNat(),
);
const column = fc.array(fc.option(value, { freq: 3 }), { maxLength: 200 });

test('numbers come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), fc.array(fc.maxSafeNat()), (signed, unsigned) => {
      const out = new ByteWriter();
      for (const number of signed) out.signed(number);
      for (const number of unsigned) out.unsigned(number);
      const input = new ByteReader(out.finish());
      assert.deepEqual(
        signed.map(() => input.signed()),
        signed.map((number) => number + 0),
      );
      assert.deepEqual(
        unsigned.map(() => input.unsigned()),
        unsigned,
      );
      input.end();
    }),
    RUNS,
  );
});

test('a column comes back as it was, nulls and extremes included', () => {
  fc.assert(
    fc.property(column, (cells) => {
      const out = new ByteWriter();
      writeColumn(out, cells);
      const input = new ByteReader(out.finish());
      assert.deepEqual(readColumn(input), cells);
      input.end();
    }),
    RUNS,
  );
});

test('what is damaged is an error that says so, never a hang', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readColumn(new ByteReader(bytes));
      } catch (error) {
        assert.ok(error instanceof LanProofError && error.code === 'SERIES_FORMAT');
      }
    }),
    RUNS,
  );
});

const rising = fc
  .array(fc.option(fc.tuple(...Array.from({ length: 4 }, () => fc.nat({ max: 600_000_000 })))), {
    maxLength: 100,
  })
  .map((rows) => {
    const sorted = rows.map((row) => row && [...row].sort((a, b) => a - b));
    const [min, med, p95, max] = [0, 1, 2, 3].map((k) => sorted.map((row) => row?.[k] ?? null));
    return { min: min ?? [], med: med ?? [], p95: p95 ?? [], max: max ?? [] };
  });
const track = fc
  .tuple(
    fc.integer({ min: -1_000_000, max: 1_000_000 }),
    fc.array(fc.tuple(fc.option(value), fc.nat({ max: DAY_MS }))),
  )
  .map(([first, steps]) => {
    const times_ms = [DAY + first];
    for (const [, step] of steps) times_ms.push((times_ms.at(-1) ?? 0) + step + 1);
    return { times_ms, deltas: steps.map(([delta]) => delta) };
  });
const PLAIN = { noNullPrototype: true } as const;
const day: fc.Arbitrary<DeviceDay> = fc.record(
  {
    rtt: fc.option(rising),
    loss: fc.option(fc.record({ slots: column, lost: column, arp: column }, PLAIN)),
    ports: fc
      .uniqueArray(
        fc.tuple(
          fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          fc.uniqueArray(fc.tuple(fc.constantFrom(...PORT_METRICS), track), {
            selector: ([metric]) => metric,
          }),
        ),
        { selector: ([port]) => port, maxLength: 5 },
      )
      .map((ports) => new Map(ports.map(([port, metrics]) => [port, new Map(metrics)]))),
  },
  PLAIN,
);

test('a device-day comes back as it was, and the same day gives the same bytes', () => {
  fc.assert(
    fc.property(day, (known) => {
      const parts = encodeDay(known, DAY);
      assert.deepEqual(parts, encodeDay(known, DAY));
      const [minutes = new Uint8Array(), index = new Uint8Array()] = parts;
      const { rtt, loss } = known;
      assert.deepEqual(decodeMinutes(minutes), { rtt, loss });
      const ask = (port: number, metric: PortMetric) =>
        decodeTrack(index, parts[partOf(metric)] ?? new Uint8Array(), DAY, port, metric);
      for (const [port, metrics] of known.ports) {
        for (const metric of PORT_METRICS) {
          assert.deepEqual(ask(port, metric), metrics.get(metric) ?? null);
        }
      }
      if (known.ports.size > 0 && !known.ports.has(7)) assert.equal(ask(7, 'in_octets'), null);
    }),
    { numRuns: 100 },
  );
});
