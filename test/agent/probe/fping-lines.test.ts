import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FpingLines } from '../../../agent/probe/fping-lines.ts';

function reader(addresses: string[]): { lines: FpingLines; seen: unknown[][] } {
  const seen: unknown[][] = [];
  const lines = new FpingLines(addresses, {
    reply: (...args) => seen.push(['reply', ...args]),
    timeout: (...args) => seen.push(['timeout', ...args]),
    text: (line) => seen.push(['text', line]),
  });
  return { lines, seen };
}

function feed(lines: FpingLines, bytes: Uint8Array): void {
  lines.buffer.set(bytes, lines.filled);
  lines.take(bytes.length);
}

const SAMPLE = [
  '[1795413295.46878] 127.0.1.1    : [0], 64 bytes, 0.973 ms (0.973 avg, 0% loss)',
  '[1795413295.77063] 203.0.113.9  : [12], timed out (NaN avg, 100% loss)',
  '[1795413296.46868] fe80::1%eth0 : [3], 64 bytes, 134 ms (0.5 avg, 0% loss)',
  'ICMP Host Unreachable from 10.251.7.1 for ICMP Echo sent to 10.251.7.3',
  '[1795413296.46868] 127.0.1.9 : [3], 64 bytes, 1 ms (0.5 avg, 0% loss)',
  '[1795413296.46868] 127.0.1.1 : [3], 64 bytes, ',
].join('\n');
const EXPECTED = [
  ['reply', 0, 0, 1795413295468.78, 973],
  ['timeout', 1, 12, 1795413295770.63],
  ['reply', 2, 3, 1795413296468.68, 134_000],
  ['text', 'ICMP Host Unreachable from 10.251.7.1 for ICMP Echo sent to 10.251.7.3'],
  ['text', '[1795413296.46868] 127.0.1.9 : [3], 64 bytes, 1 ms (0.5 avg, 0% loss)'],
  ['text', '[1795413296.46868] 127.0.1.1 : [3], 64 bytes, '],
];
const HOSTS = ['127.0.1.1', '203.0.113.9', 'fe80::1%eth0'];

test('reads real lines however they are cut', () => {
  const bytes = Buffer.from(`${SAMPLE}\n`);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const { lines, seen } = reader(HOSTS);
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      for (const [i, edge] of edges.entries()) feed(lines, bytes.subarray(edge, edges[i + 1]));
      assert.equal(seen.length, EXPECTED.length);
      for (const [i, row] of seen.entries()) {
        for (const [k, value] of row.entries()) {
          const wanted = EXPECTED[i]?.[k];
          // A double holds epoch milliseconds to well under the 10 µs that fping prints.
          if (k === 3) assert.ok(Math.abs(Number(value) - Number(wanted)) < 0.005);
          else assert.equal(value, wanted);
        }
      }
    }),
  );
});

test('no bytes make it throw or lose its place', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
      const { lines, seen } = reader(HOSTS);
      for (const chunk of chunks) feed(lines, chunk);
      feed(lines, Buffer.from(`\n${SAMPLE}\n`));
      assert.equal(seen.filter((row) => row[0] !== 'text').length >= 3, true);
    }),
  );
});

test('damaged lines are text, never a verdict', () => {
  const whole = SAMPLE.split('\n')[0] ?? '';
  // From the end of "ms" on the rest is decoration.
  for (let cut = 1; cut < whole.indexOf(' ms') + 2; cut += 1) {
    const { lines, seen } = reader(HOSTS);
    feed(lines, Buffer.from(`${whole.slice(0, cut)}\n`));
    assert.deepEqual(seen, [['text', whole.slice(0, cut)]]);
  }
});

test('a line without end does not fill the memory', () => {
  const { lines, seen } = reader(HOSTS);
  for (let i = 0; i < 5; i += 1) {
    const room = lines.buffer.length - lines.filled;
    feed(lines, Buffer.alloc(Math.min(room, 60_000), 0x41));
  }
  feed(lines, Buffer.from(`\n${SAMPLE}\n`));
  assert.equal(seen.filter((row) => row[0] !== 'text').length, 3);
});
