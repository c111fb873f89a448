import assert from 'node:assert/strict';
import test from 'node:test';
import { toBase64, utf8 } from '../../../../shared/bytes.ts';
import type { LogOpen } from '../../../../shared/evidence/documents.ts';
import { leafHash, rootFromLeaves } from '../../../../shared/evidence/merkle.ts';
import { closingHead } from '../../../../shared/evidence/verify/closing-head.ts';
import type { SignedLog } from '../../../../shared/evidence/verify/signed-logs.ts';
import { createNodeCrypto } from '../../../../shared/node/crypto.ts';

const crypto = createNodeCrypto();
const ORIGIN = 'test/log-1';
const [LOST_KEY, NEXT_KEY] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const hashes = ['a', 'b', 'c'].map((text) => leafHash(crypto, utf8(text)));
const rootAt = (size: number): Uint8Array => rootFromLeaves(crypto, hashes.slice(0, size));
const at = (size: number) => ({ origin: ORIGIN, size, root: rootAt(size) });

/** A log of three leaves; its key signed two of them. */
const signed: SignedLog = {
  ...{ log: 1, signed: at(2), key: LOST_KEY, leaves: [], days: [] },
  // RFC 6962 §2.1.2: from two leaves to three leads the third one alone.
  proofs: new Map([[2, hashes.slice(2)]]),
  told: { leaves: at(3), consistency: at(3), daily: at(3) },
};

function nextNames(change: Partial<NonNullable<LogOpen['previous']>>, key = NEXT_KEY): LogOpen {
  const previous = { log: ORIGIN, size: 3, root: toBase64(rootAt(3)), reason: 'log_key_lost: x' };
  return {
    ...{ v: 1, log: 'test/log-2', log_key: toBase64(key), document_key: '', opened_ms: 1 },
    previous: { ...previous, ...change },
  };
}

test('a lost key is a reason for an unsigned end, whatever the start named first', () => {
  const reasons = ['log_key_lost: x', 'document_key_lost: x', 'sentinel_missing'];
  for (const reason of [...reasons, 'sentinel_newer: test/log-1 9 x', 'log_key_lost']) {
    assert.deepEqual(closingHead(crypto, signed, nextNames({ reason })), at(3), reason);
  }
});

test('nothing else is: a log whose key was there was closed under it', () => {
  const others = [
    '',
    'restore',
    'agent_saw_newer: test/log-1 9 x',
    'sentinel_other: test/log-1 2 x',
  ];
  for (const reason of [...others, 'log_key_lost_not', 'x: log_key_lost', ' log_key_lost']) {
    assert.equal(closingHead(crypto, signed, nextNames({ reason })), null, reason);
  }
  assert.equal(closingHead(crypto, signed, nextNames({}, LOST_KEY)), null);
});

test('another log, a smaller or equal size, and another root are none', () => {
  assert.equal(closingHead(crypto, signed, { ...nextNames({}), previous: null }), null);
  assert.equal(closingHead(crypto, signed, nextNames({ log: 'test/log-0' })), null);
  for (const size of [1, 2]) {
    const root = toBase64(rootAt(size));
    assert.equal(closingHead(crypto, signed, nextNames({ size, root })), null, `${size}`);
  }
  assert.equal(closingHead(crypto, signed, nextNames({ root: toBase64(rootAt(2)) })), null);
  assert.equal(closingHead(crypto, { ...signed, proofs: new Map() }, nextNames({})), null);
  const empty = { ...signed, signed: { ...at(0), root: crypto.sha256(new Uint8Array()) } };
  assert.equal(closingHead(crypto, empty, nextNames({})), null, 'an empty tree proves nothing');
});
