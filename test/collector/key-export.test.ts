import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { checkPassphrase, openKeys, sealKeys } from '../../collector/key-export.ts';
import { generateSigner } from '../../shared/node/crypto.ts';

const PASSPHRASE = 'bốn con vịt xiêm lội qua sông';

function sealed(passphrase = PASSPHRASE): string {
  const keys = { log: generateSigner().pem, document: generateSigner().pem, tls: null };
  const random = (bytes: number) => new Uint8Array(randomBytes(bytes));
  return sealKeys(keys, { passphrase, created: new Date(0), random });
}

test('parameters of 512 MiB are tried, more and odd ones are refused at once', () => {
  const text = sealed();
  // 128 · N · r bytes; what is tried fails only at the tag, because the head is bound to it.
  for (const [params, code] of [
    ['N=524288 r=8', 'PASSPHRASE_WRONG'],
    ['N=524288 r=9', 'KEY_EXPORT_FORMAT'],
    ['N=1048576 r=8', 'KEY_EXPORT_FORMAT'],
    // RFC 7914 wants N < 2^(16 r), and r has buffers of its own.
    ['N=65536 r=1', 'KEY_EXPORT_FORMAT'],
    ['N=32768 r=1', 'PASSPHRASE_WRONG'],
    ['N=2 r=2097152', 'KEY_EXPORT_FORMAT'],
    ['N=131072 r=0', 'KEY_EXPORT_FORMAT'],
    ['N=131071 r=8', 'KEY_EXPORT_FORMAT'],
    // Its low 32 bits are no power of two, or look like one.
    ['N=4294967296 r=1', 'KEY_EXPORT_FORMAT'],
    ['N=4294967298 r=1', 'KEY_EXPORT_FORMAT'],
    ['N=1 r=8', 'KEY_EXPORT_FORMAT'],
  ] as const) {
    const altered = text.replace('N=131072 r=8', params);
    assert.throws(() => openKeys(altered, PASSPHRASE), { code }, params);
  }
});

test('a passphrase of 14 characters is the shortest', () => {
  checkPassphrase('x'.repeat(14));
  checkPassphrase('🦆'.repeat(14));
  for (const short of ['x'.repeat(13), '🦆'.repeat(13), '']) {
    assert.throws(() => checkPassphrase(short), { code: 'PASSPHRASE_SHORT' });
    assert.throws(() => sealed(short), { code: 'PASSPHRASE_SHORT' });
  }
});
