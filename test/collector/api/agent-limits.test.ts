/** Limits of what agents send, each at its edge. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createAgentApi } from '../../../agent/deliver/api.ts';
import { createCollectorHttp } from '../../../agent/http.ts';
import {
  REINTRODUCE_BODY_BYTES_MAX,
  REINTRODUCE_PER_MINUTE_MAX,
} from '../../../collector/api/reintroduce.ts';
import { toBase64, utf8 } from '../../../shared/bytes.ts';
import { documentType, signDocument } from '../../../shared/evidence/documents.ts';
import {
  ENVELOPE_BYTES_MAX,
  type Envelope,
  parseEnvelope,
  serializeEnvelope,
  signEnvelope,
} from '../../../shared/evidence/dsse.ts';
import { ROTATIONS_MAX, signRotate } from '../../../shared/evidence/rotations.ts';
import { BATCH_BYTES_MAX } from '../../../shared/measure/batch.ts';
import { BATCH_CONTENT_TYPE, HOLE_CONTENT_TYPE } from '../../../shared/measure/protocol.ts';
import { generateSigner } from '../../../shared/node/crypto.ts';
import { type Answer, type Harness, importSite, openHarness, START_MS } from '../harness.ts';

const REINTRODUCE = '/api/v1/agents/reintroduce';
/** As long as a code can be. */
const SITE = 's'.repeat(39);
const PLACE = { v: 1, site: SITE, agent: 'a'.repeat(39), epoch: 1 } as const;
let harness: Harness;

before(async () => {
  harness = await openHarness();
  await importSite(harness, SITE, 'xa-soc-son');
});
after(() => harness.close());

const code = ({ status, body }: Answer) => [status, body.error?.code];

/** Signed by the document key, and as long as an envelope can be. */
function longestList(log: string): Envelope {
  const { document_key, crypto } = harness.deps;
  const list = { ...PLACE, version: 7, log, issued_ms: START_MS, targets: [] };
  const sign = (chars: number): Envelope => {
    // What version 1 does not name is passed over: so a list gets any length.
    const payload = utf8(JSON.stringify({ ...list, more: 'x'.repeat(chars) }));
    return signEnvelope(document_key, documentType('targets'), payload, crypto);
  };
  const free = ENVELOPE_BYTES_MAX - serializeEnvelope(sign(0)).length;
  return sign(Math.floor(free / 4) * 3);
}

test('an agent comes back with the longest list and as many keys as it can have', async (t) => {
  const { document_key, ledger, crypto, store } = harness.deps;
  const log = ledger.checkpoint().origin;
  let { signer } = generateSigner();
  const enrol = signDocument(crypto, document_key, 'enrol', {
    ...{ ...PLACE, log, agent_key: toBase64(signer.publicKey), issued_ms: START_MS },
    approved_by: 'token:old',
  });
  const rotations = Array.from({ length: ROTATIONS_MAX }, () => {
    const old = signer;
    ({ signer } = generateSigner());
    return signRotate(crypto, old, signer, {
      ...{ ...PLACE, after_seq: Number.MAX_SAFE_INTEGER, at_ms: START_MS },
      ...{ old_key: toBase64(old.publicKey), new_key: toBase64(signer.publicKey) },
    });
  });
  const targets = longestList(log);
  const chars = serializeEnvelope(targets).length;
  assert.ok(chars <= ENVELOPE_BYTES_MAX && chars > ENVELOPE_BYTES_MAX - 4, String(chars));
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const http = createCollectorHttp({
    ...{ urls: [url], insecure: false, proxy: undefined, tls: undefined },
    monotonic_ms: () => performance.now(),
  });
  t.after(() => http.close());
  const api = createAgentApi(http, crypto, signer);
  const shown = { enrol: parseEnvelope(enrol), targets, rotations };
  const answer = await api.post(REINTRODUCE, shown);
  assert.equal(answer.status, 200, Buffer.from(answer.body).toString());
  assert.equal((await store.agent(SITE, PLACE.agent))?.list_version, 7);
  const one_more = await api.post(REINTRODUCE, { ...shown, rotations: [...rotations, enrol] });
  assert.equal(one_more.status, 400);
});

test('bodies have their limit to the byte', async () => {
  const words = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
  for (const [url, type, bytes_max, status, refused] of [
    ['/api/v1/batches', BATCH_CONTENT_TYPE, BATCH_BYTES_MAX, 400, 'WIRE_FORMAT'],
    ['/api/v1/batches', HOLE_CONTENT_TYPE, BATCH_BYTES_MAX, 400, 'DSSE_FORMAT'],
    [REINTRODUCE, 'application/json', REINTRODUCE_BODY_BYTES_MAX, 400, 'REQUEST_INVALID'],
  ] as const) {
    const post = (bytes: number) =>
      harness.send({
        ...{ method: 'POST', url, headers: { 'content-type': type }, payload: words(bytes) },
      });
    assert.deepEqual(code(await post(bytes_max)), [status, refused], `${url} ${type}`);
    assert.deepEqual(code(await post(bytes_max + 1)), [413, 'BODY_TOO_LARGE'], `${url} ${type}`);
  }
});

test('those who come back have their limit per address and minute', async () => {
  const post = (remoteAddress: string) =>
    harness.send({ method: 'POST', url: REINTRODUCE, payload: {}, remoteAddress });
  for (let i = 0; i < REINTRODUCE_PER_MINUTE_MAX; i++) {
    assert.equal((await post('192.0.2.1')).status, 400);
  }
  const limited = await post('192.0.2.1');
  assert.deepEqual(code(limited), [429, 'TOO_MANY_REQUESTS']);
  assert.ok(Number(limited.headers['retry-after']) > 0);
  assert.equal((await post('192.0.2.2')).status, 400, 'another address');
});
