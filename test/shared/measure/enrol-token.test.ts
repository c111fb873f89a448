import assert from 'node:assert/strict';
import test from 'node:test';
import {
  encodeEnrolToken,
  readEnrolToken,
  TOKEN_CHARS_MAX,
} from '../../../shared/measure/enrol-token.ts';

const TOKEN = { v: 1, id: 'ab', secret: 's', tls: null, log_key: 'l', document_key: 'd' } as const;
const textOf = (value: unknown) =>
  `lpt1_${Buffer.from(JSON.stringify(value)).toString('base64url')}`;

/** A token whose text has at least so many characters, and the fewest that are possible. */
function longToken(chars: number) {
  for (let length = 1; ; length++) {
    const token = { ...TOKEN, secret: 'x'.repeat(length) };
    if (encodeEnrolToken(token).length >= chars) return token;
  }
}

test('what is written is read again, whatever its length and bytes', () => {
  for (const id of ['a', 'ab', 'abc', '????>>>>', 'đồng phú']) {
    const token = { ...TOKEN, id, tls: '+/=' };
    const text = encodeEnrolToken(token);
    assert.equal(text, textOf(token));
    assert.deepEqual(readEnrolToken(` ${text}\n`), token);
  }
});

test('TOKEN_CHARS_MAX characters are read, one more is not', () => {
  const fits = longToken(TOKEN_CHARS_MAX);
  assert.equal(encodeEnrolToken(fits).length, TOKEN_CHARS_MAX);
  assert.deepEqual(readEnrolToken(encodeEnrolToken(fits)), fits);
  const beyond = encodeEnrolToken(longToken(TOKEN_CHARS_MAX + 1));
  assert.ok(beyond.length <= TOKEN_CHARS_MAX + 2);
  assert.throws(() => readEnrolToken(beyond), { code: 'TOKEN_MALFORMED' });
});

test('nothing else is a token, and no error repeats what was typed', () => {
  const bad = [
    '',
    'hello',
    'lpt1_',
    'lpt1_abc',
    'lpt1_=====',
    textOf(TOKEN).replace('lpt1_', 'lpt2_'),
    textOf(TOKEN).replace('lpt1_', 'lpt1_%'),
    textOf(null),
    textOf([]),
    textOf({ ...TOKEN, v: 2 }),
    textOf({ ...TOKEN, id: '' }),
    textOf({ ...TOKEN, secret: 7 }),
    textOf({ ...TOKEN, tls: 7 }),
    textOf({ ...TOKEN, document_key: null }),
  ];
  for (const text of bad) {
    assert.throws(
      () => readEnrolToken(text),
      (error: Error & { code?: string }) =>
        error.code === 'TOKEN_MALFORMED' && (text === '' || !error.message.includes(text)),
      text,
    );
  }
});
