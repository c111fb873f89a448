import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../../../../shared/bytes.ts';
import { certificatesFromPem } from '../../../../shared/evidence/timestamp/pem.ts';
import { timestampRequest } from '../../../../shared/evidence/timestamp/request.ts';
import { readTimestampResponse } from '../../../../shared/evidence/timestamp/response.ts';
import { readToken } from '../../../../shared/evidence/timestamp/token.ts';
import { verifyTimestamp } from '../../../../shared/evidence/timestamp/verify.ts';
import {
  type AuthorityOptions,
  createTimeAuthority,
  forgeToken,
  missingOpenssl,
  opensslAgrees,
  type TimeAuthority,
} from '../../../support/time-authority.ts';

const DATA = utf8('demo/1a2b3c4d/log-1\n42\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n');
const NONCE = Uint8Array.of(0x80, 1, 2, 3, 4, 5, 6, 7);
const skip = missingOpenssl();

const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest());

interface Stamped {
  readonly authority: TimeAuthority;
  readonly answer: Uint8Array;
  readonly token: Uint8Array;
  readonly at_ms: number;
}

function stamp(authority: TimeAuthority, nonce = NONCE): Stamped {
  const at_ms = Date.now();
  const answer = authority.reply(timestampRequest(sha256(DATA), nonce));
  const { token, status } = readTimestampResponse(answer);
  assert.ok(status === 0 && token !== null);
  return { authority, answer, token, at_ms };
}

/** Makes an authority, stamps DATA and removes the folder after the work. */
async function withStamp(
  options: AuthorityOptions,
  work: (stamped: Stamped) => Promise<void>,
): Promise<void> {
  const authority = createTimeAuthority(options);
  try {
    await work(stamp(authority));
  } finally {
    authority.remove();
  }
}

for (const options of [
  { key: 'ec' },
  { key: 'rsa', ess: 'sha1' },
  { key: 'ec', ess: 'sha512', intermediate: true },
] as const) {
  test(`a token of ${JSON.stringify(options)} is believed, as openssl does`, { skip }, async () => {
    await withStamp(options, async ({ authority, answer, token, at_ms }) => {
      const verdict = await verifyTimestamp(token, DATA, [authority.root], NONCE);
      assert.equal(verdict.problem, null);
      assert.equal(verdict.ok, true);
      assert.ok(Math.abs((verdict.gen_time_ms ?? 0) - at_ms) < 5_000);
      assert.equal(verdict.accuracy_ms, 1_501);
      assert.equal(verdict.policy, '1.2.3.4.1');
      assert.match(verdict.serial ?? '', /^02$/);
      assert.equal(verdict.signer_subject, 'C=VN, O=Test, CN=Đồng hồ');
      assert.ok(opensslAgrees(authority, { token }, DATA));
      assert.ok(opensslAgrees(authority, { answer }, DATA));
    });
  });
}

test('what was stamped, asked for and trusted must be the same', { skip }, async () => {
  await withStamp({}, async ({ authority, token }) => {
    const check = async (...args: Parameters<typeof verifyTimestamp>) =>
      (await verifyTimestamp(...args)).problem;
    const other = utf8('demo/1a2b3c4d/log-1\n43\nx\n');
    assert.equal(await check(token, other, [authority.root]), 'other_data');
    assert.equal(opensslAgrees(authority, { token }, other), false);
    const nonce = Uint8Array.of(1, 2, 3);
    assert.equal(await check(token, DATA, [authority.root], nonce), 'other_nonce');
    assert.equal(await check(token, DATA, []), 'untrusted_root');
    await withStamp({}, async (second) => {
      assert.equal(await check(token, DATA, [second.authority.root]), 'untrusted_root');
      const both = [second.authority.root, authority.root];
      assert.equal(await check(token, DATA, both), null);
      assert.equal(opensslAgrees(second.authority, { token }, DATA), false);
    });
    const signer = certificatesFromPem(readFileSync(authority.signer_file, 'utf8'));
    // A signer that somebody trusts by itself needs no chain.
    assert.equal(await check(token, DATA, signer), null);
    await assert.rejects(check(token, DATA, [Uint8Array.of(1, 2)]), TypeError);
  });
});

test('no chain over an authority that may not issue', { skip }, async () => {
  const options = { intermediate: true, root_constraints: 'critical,CA:TRUE,pathlen:0' };
  await withStamp(options, async ({ authority, token }) => {
    assert.equal((await verifyTimestamp(token, DATA, [authority.root])).problem, 'untrusted_root');
    assert.equal(opensslAgrees(authority, { token }, DATA), false);
  });
  await withStamp({ root_constraints: 'critical,CA:FALSE' }, async ({ authority, token }) => {
    assert.equal((await verifyTimestamp(token, DATA, [authority.root])).problem, 'untrusted_root');
  });
});

test('a certificate that expired before the stamp refuses it', { skip }, async () => {
  await withStamp({ days: -1 }, async ({ authority, token }) => {
    const verdict = await verifyTimestamp(token, DATA, [authority.root]);
    assert.equal(verdict.problem, 'expired');
    assert.equal(opensslAgrees(authority, { token }, DATA), false);
  });
});

test('a certificate for anything else does not stamp', { skip }, async (t) => {
  // Made before the stamp, or they would not be in force when it says that it was made.
  const tries = (
    [
      ['critical,timeStamping', null],
      ['timeStamping', 'wrong_usage'],
      ['critical,timeStamping,serverAuth', 'wrong_usage'],
      ['critical,serverAuth', 'wrong_usage'],
    ] as const
  ).map(([usage, expected]) => ({ usage, expected, authority: createTimeAuthority({ usage }) }));
  t.after(() => {
    for (const { authority } of tries) authority.remove();
  });
  await withStamp({}, async (good) => {
    const { infoBytes } = readToken(good.token);
    for (const { usage, expected, authority } of tries) {
      const token = forgeToken(authority, infoBytes);
      const { problem } = await verifyTimestamp(token, DATA, [authority.root]);
      assert.equal(problem, expected, usage);
      assert.equal(opensslAgrees(authority, { token }, DATA), expected === null, usage);
      const nameless = forgeToken(authority, infoBytes, 'none');
      const verdict = await verifyTimestamp(nameless, DATA, [authority.root]);
      assert.equal(verdict.problem, expected ?? 'other_certificate');
    }
  });
});

test('a time of another form is no time', { skip }, async () => {
  await withStamp({}, async ({ authority, token }) => {
    const { infoBytes } = readToken(token);
    const text = Buffer.from(infoBytes).toString('latin1');
    const at = text.search(/\d{14}Z/);
    assert.ok(at > 0);
    for (const wrong of ['20261331', '20260230', '2026 101']) {
      const altered = infoBytes.slice();
      altered.set(utf8(wrong), at);
      const forged = forgeToken(authority, altered);
      const verdict = await verifyTimestamp(forged, DATA, [authority.root]);
      assert.equal(verdict.problem, 'malformed', wrong);
    }
    const same = forgeToken(authority, infoBytes);
    assert.equal((await verifyTimestamp(same, DATA, [authority.root])).problem, null);
  });
});

test('no single altered byte changes what is believed', { skip }, async () => {
  await withStamp({}, async ({ authority, token }) => {
    const seen = new Map<string, number>();
    const whole = await verifyTimestamp(token, DATA, [authority.root], NONCE);
    const alter = async (at: number, by: number) => {
      const altered = token.slice();
      altered[at] = (altered[at] ?? 0) ^ by;
      const verdict = await verifyTimestamp(altered, DATA, [authority.root], NONCE);
      seen.set(verdict.problem ?? 'ok', (seen.get(verdict.problem ?? 'ok') ?? 0) + 1);
      // Some bytes say nothing: a copy of the root, a version. Then it says what it said before.
      if (verdict.ok) assert.deepEqual(verdict, whole, `${at} ^ ${by}`);
    };
    for (let at = 0; at < token.length; at += 7) await alter(at, 1 << (at % 8));
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), alter),
      { numRuns: 100 },
    );
    for (const problem of ['malformed', 'bad_signature', 'other_data', 'other_certificate']) {
      assert.ok((seen.get(problem) ?? 0) > 0, `${problem} was met: ${JSON.stringify([...seen])}`);
    }
    // The copy of the root is a fifth of the token; the rest must not be silent.
    assert.ok((seen.get('ok') ?? 0) < token.length / 2, JSON.stringify([...seen]));
  });
});

test('garbage is malformed, never an error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      assert.equal((await verifyTimestamp(bytes, DATA, [])).problem, 'malformed');
    }),
  );
  // Nesting as deep as the bytes allow.
  const deep = new Uint8Array(60_000).fill(0x30);
  assert.equal((await verifyTimestamp(deep, DATA, [])).problem, 'malformed');
  const long = new Uint8Array(70_000);
  assert.equal((await verifyTimestamp(long, DATA, [])).problem, 'malformed');
});

test('a refusal says why; garbage is refused with the fix', { skip }, () => {
  const authority = createTimeAuthority({ digests: 'sha512' });
  try {
    const answer = authority.reply(timestampRequest(sha256(DATA), NONCE));
    const read = readTimestampResponse(answer);
    assert.equal(read.status, 2);
    assert.equal(read.token, null);
    assert.match(read.reason, /badAlg/);
  } finally {
    authority.remove();
  }
  for (const bytes of [new Uint8Array(), utf8('<html>'), new Uint8Array(100_000)]) {
    assert.throws(() => readTimestampResponse(bytes), { code: 'TIMESTAMP_FORMAT' });
  }
  // Granted without a token, and refused with one.
  assert.throws(() => readTimestampResponse(Uint8Array.of(0x30, 5, 0x30, 3, 2, 1, 0)), {
    code: 'TIMESTAMP_FORMAT',
  });
});

test('requests are DER that openssl reads, whatever the nonce', { skip }, () => {
  const authority = createTimeAuthority();
  try {
    for (const nonce of [NONCE, Uint8Array.of(0, 0, 7), new Uint8Array(8), randomBytes(32)]) {
      stamp(authority, new Uint8Array(nonce));
    }
  } finally {
    authority.remove();
  }
  assert.throws(() => timestampRequest(new Uint8Array(31), NONCE), RangeError);
  assert.throws(() => timestampRequest(new Uint8Array(32), new Uint8Array(33)), RangeError);
});

test('a PEM file without a certificate is not trust in nothing', () => {
  for (const text of [
    '',
    'hello',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
  ]) {
    assert.throws(() => certificatesFromPem(text), { code: 'CERTIFICATE_FORMAT' });
  }
});
