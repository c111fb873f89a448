import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LanProofError } from '../../../shared/errors.ts';
import { BATCH_BYTES_MAX, HEADER_BYTES_MAX } from '../../../shared/measure/batch.ts';
import { decodeWire, encodeWire, SECTIONS_MAX } from '../../../shared/measure/wire.ts';

const header = new Uint8Array([123, 125]);
const signature = new Uint8Array(64).fill(7);
const fails = (run: () => unknown, code: string, place?: string) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LanProofError);
    assert.deepEqual([error.code, place ?? error.place], [code, error.place]);
    return true;
  });

test('what is encoded is decoded, whatever the parts hold', () => {
  const bytes = (minLength: number) => fc.uint8Array({ minLength, maxLength: 300 });
  const sections = fc.array(bytes(0), { maxLength: SECTIONS_MAX });
  fc.assert(
    fc.property(bytes(1), sections, (head, parts) => {
      const body = encodeWire({ header: head, signature, sections: parts });
      // A view into a larger buffer, as sockets hand it over.
      const shifted = new Uint8Array(body.length + 9);
      shifted.set(body, 5);
      const read = decodeWire(shifted.subarray(5, 5 + body.length));
      assert.deepEqual({ ...read }, { header: head, signature, sections: parts });
    }),
  );
});

test('a body that was cut anywhere, or has anything behind it, is refused', () => {
  const body = encodeWire({ header, signature, sections: [new Uint8Array(10)] });
  const whole = body.length - 14;
  for (let length = 0; length < body.length; length++) {
    if (length === whole) continue;
    fails(() => decodeWire(body.subarray(0, length)), 'WIRE_FORMAT');
  }
  assert.equal(decodeWire(body.subarray(0, whole)).sections.length, 0);
  fails(() => decodeWire(new Uint8Array([...body, 0])), 'WIRE_FORMAT', `byte ${body.length}`);
});

test('random bytes raise nothing but WIRE errors', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
      const body = new Uint8Array([0x4c, 0x50, 0x42, 0x31, ...tail]);
      try {
        decodeWire(body);
      } catch (error) {
        assert.ok(error instanceof LanProofError && error.code.startsWith('WIRE_'));
      }
    }),
  );
});

test('limits hold at their edge', () => {
  const frame = 4 + 4 + header.length + 4 + 64 + 4;
  const fits = new Uint8Array(BATCH_BYTES_MAX - frame);
  const body = encodeWire({ header, signature, sections: [fits] });
  assert.equal(body.length, BATCH_BYTES_MAX);
  assert.equal(decodeWire(body).sections[0]?.length, fits.length);
  const over = new Uint8Array(BATCH_BYTES_MAX - frame + 1);
  fails(() => encodeWire({ header, signature, sections: [over] }), 'WIRE_TOO_LARGE');
  fails(() => decodeWire(new Uint8Array(BATCH_BYTES_MAX + 1)), 'WIRE_TOO_LARGE');

  const longest = new Uint8Array(HEADER_BYTES_MAX).fill(32);
  assert.equal(
    decodeWire(encodeWire({ header: longest, signature, sections: [] })).header.length,
    HEADER_BYTES_MAX,
  );
  const long = new Uint8Array(HEADER_BYTES_MAX + 1);
  fails(() => encodeWire({ header: long, signature, sections: [] }), 'WIRE_TOO_LARGE');

  const many = Array.from({ length: SECTIONS_MAX }, () => new Uint8Array(1));
  const eight = encodeWire({ header, signature, sections: many });
  assert.equal(decodeWire(eight).sections.length, SECTIONS_MAX);
  const nine = [...eight, 0, 0, 0, 1, 9];
  fails(() => decodeWire(new Uint8Array(nine)), 'WIRE_FORMAT', `byte ${eight.length}`);
});

test('a signature of another length and an empty header are refused', () => {
  for (const length of [0, 63, 65]) {
    const odd = { header, signature: new Uint8Array(length), sections: [] };
    fails(() => encodeWire(odd), 'WIRE_FORMAT');
  }
  const empty = { header: new Uint8Array(), signature, sections: [] };
  fails(() => encodeWire(empty), 'WIRE_FORMAT', 'byte 4');
  const text = new TextEncoder().encode('{"v":1}');
  fails(() => decodeWire(text), 'WIRE_FORMAT', 'byte 0');
});
