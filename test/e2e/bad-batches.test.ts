import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadKeys } from '../../collector/keys.ts';
import { fromUtf8, toBase64, utf8 } from '../../shared/bytes.ts';
import { signCheckpoint } from '../../shared/evidence/checkpoint.ts';
import type { Signer } from '../../shared/evidence/crypto.ts';
import { documentType } from '../../shared/evidence/documents.ts';
import { serializeEnvelope, signEnvelope } from '../../shared/evidence/dsse.ts';
import { signRequest } from '../../shared/evidence/request-auth.ts';
import {
  BATCH_BYTES_MAX,
  type ResultSection,
  SECTION_INFLATED_BYTES_MAX,
} from '../../shared/measure/batch.ts';
import { HOLE_CONTENT_TYPE } from '../../shared/measure/protocol.ts';
import { encodeWire } from '../../shared/measure/wire.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import type { BatchOptions, TestAgent } from '../support/batches.ts';
import { type HttpSite, NEIGHBOUR, openHttpSite, type Posted, SITE } from '../support/http-site.ts';

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
let site: HttpSite;

before(async () => {
  site = await openHttpSite();
  await good(site.agent);
  await good(site.neighbour);
});
after(() => site.close());

/** One good minute; fails if it is not stored. */
async function good(who: TestAgent): Promise<void> {
  const { answer } = await site.minute(who);
  assert.deepEqual([answer.status, answer.body.duplicate], [200, false], answer.message);
}

/** The place in the chain as it is, so that what is refused can be followed by what is right. */
function chain(agent: TestAgent): Pick<TestAgent, 'seq' | 'prev' | 'at_ms'> {
  const { seq, prev, at_ms } = agent;
  return { seq, prev, at_ms };
}

function sealed(agent: TestAgent, options: BatchOptions = {}): Uint8Array {
  const kept = chain(agent);
  const { body } = agent.next(options);
  Object.assign(agent, kept);
  return body;
}

function assertRefused(answer: Posted, status: number, code: string, what: string): void {
  assert.deepEqual([answer.status, answer.code], [status, code], `${what}: ${answer.message}`);
  assert.ok(answer.message.length > 5 && answer.hint.length > 10, `${what} has no fix`);
}

const withSeries = (change: (section: ResultSection) => object) => ({ infra: change });
const part = (section: ResultSection) => section.series[0];

test('refused batches store nothing, and the right one is taken afterwards', async (t) => {
  const { agent, neighbour } = site;
  const stranger = generateSigner().signer;
  const signedBy = (signer: Signer): Uint8Array => {
    const keep = agent.signer;
    agent.signer = signer;
    try {
      return sealed(agent);
    } finally {
      agent.signer = keep;
    }
  };
  const whole = sealed(agent);
  const altered = Uint8Array.from(whole);
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  const bomb = gzipSync(new Uint8Array(SECTION_INFLATED_BYTES_MAX * 8));
  const cases: [string, Uint8Array, number, string][] = [
    ['too large', new Uint8Array(BATCH_BYTES_MAX + 1), 413, 'BODY_TOO_LARGE'],
    ['cut off', whole.subarray(0, whole.length - 9), 400, 'WIRE_FORMAT'],
    ['garbage', utf8('GET / HTTP/1.1'), 400, 'WIRE_FORMAT'],
    [
      'no header',
      encodeWire({ header: utf8('[]'), signature: new Uint8Array(64), sections: [] }),
      400,
      'HEADER_FORMAT',
    ],
    ['bad gzip', sealed(agent, { sections: { infra: utf8('no gzip') } }), 422, 'SECTION_GZIP'],
    [
      'cut gzip',
      sealed(agent, { sections: { infra: gzipSync('{"v":1,"series":[]}').subarray(0, 20) } }),
      422,
      'SECTION_GZIP',
    ],
    ['gzip bomb', sealed(agent, { sections: { infra: bomb } }), 422, 'SECTION_TOO_LARGE'],
    ['bad section', altered, 422, 'SECTION_HASH'],
    ['bad signature', signedBy(stranger), 422, 'SIGNATURE'],
    ["another agent's key", signedBy(neighbour.signer), 422, 'SIGNATURE'],
    ['wrong site', sealed(agent, { header: { site: NEIGHBOUR } }), 422, 'SIGNATURE'],
    ['unknown site', sealed(agent, { header: { site: 'nowhere' } }), 401, 'unknown_agent'],
    ['wrong agent', sealed(agent, { header: { agent: 'do-9' } }), 401, 'unknown_agent'],
    ['site as a path', sealed(agent, { header: { site: '../x' } }), 400, 'HEADER_FORMAT'],
    ['wrong epoch', sealed(agent, { header: { epoch: 2 } }), 403, 'WRONG_EPOCH'],
    ['missing section', sealed(agent, { header: { sections: [] } }), 422, 'SECTION_COUNT'],
    ['gap', sealed(agent, { header: { seq: agent.seq + 5 } }), 409, 'EXPECT'],
  ];
  for (const [what, body, status, code] of cases) {
    await t.test(what, async () => {
      const before = await site.kept();
      assertRefused(await site.post(body), status, code, what);
      assert.deepEqual(await site.kept(), before, `${what} changed what is stored`);
      await good(neighbour);
    });
  }
  const from_ms = agent.at_ms;
  await good(agent);
  const [run] = await site.slots(from_ms, agent.at_ms);
  assert.deepEqual([run?.class, run?.slots], ['reply', 60]);
});

interface Faulty {
  readonly what: string;
  readonly options: (agent: TestAgent) => BatchOptions;
  readonly fault: string;
  readonly place: RegExp;
}

const FAULTY: readonly Faulty[] = [
  {
    what: 'an unknown list',
    options: () => ({ header: { list: { version: 1, hash: btoa('x'.repeat(32)) } } }),
    fault: 'LIST_UNKNOWN',
    place: /^list\.hash$/,
  },
  {
    what: 'the list of another version',
    options: (agent) => ({ header: { list: { version: 7, hash: agent.listHash } } }),
    fault: 'LIST_VERSION',
    place: /^list\.version$/,
  },
  {
    what: 'an index outside the list',
    options: () =>
      withSeries((s) => ({ ...s, series: [{ ...part(s), targets: [99], s: ['r60'] }] })),
    fault: 'SECTION_TARGET',
    place: /^series\[0\]\.targets\[0\]$/,
  },
  {
    what: 'runs that do not sum',
    options: () => ({ codes: { 0: 'r59' } }),
    fault: 'SECTION_RUNS',
    place: /^series\[0\]\.s\[0\]$/,
  },
  {
    what: 'overlapping ticks',
    options: () => withSeries((s) => ({ ...s, series: [part(s), part(s)] })),
    fault: 'SECTION_OVERLAP',
    place: /^series\[1\]\.targets\[0\]$/,
  },
  {
    what: 'a negative round trip',
    options: () =>
      withSeries((s) => {
        const rtt = part(s)?.rtt;
        const min = (rtt?.min ?? []).map(() => -1);
        return { ...s, series: [{ ...part(s), rtt: { ...rtt, min } }] };
      }),
    fault: 'SECTION_RTT',
    place: /^series\[0\]\.rtt\.min\[0\]$/,
  },
  {
    what: 'a million targets',
    options: () =>
      withSeries((s) => ({
        ...s,
        series: [{ ...part(s), targets: Array(1_000_000).fill(0) }],
      })),
    fault: 'SECTION_FORMAT',
    place: /^series\[0\]\.targets$/,
  },
  {
    what: 'an unknown version of the header',
    options: () => ({ rewrite: (json) => json.replace('"v":1', '"v":9') }),
    fault: 'HEADER_VERSION',
    place: /^v$/,
  },
  {
    what: 'an unknown version of a section',
    options: () => withSeries((s) => ({ ...s, v: 9 })),
    fault: 'SECTION_FORMAT',
    place: /^v$/,
  },
  {
    what: 'a section that is no JSON',
    options: () => ({ sections: { infra: gzipSync('{"v":1,') } }),
    fault: 'SECTION_FORMAT',
    place: /./,
  },
  {
    what: 'an interval that is not the list’s',
    options: () => withSeries((s) => ({ ...s, series: [{ ...part(s), i: 2_000 }] })),
    fault: 'SECTION_INTERVAL',
    place: /^series\[0\]\.i$/,
  },
  {
    what: 'a predecessor that never was',
    options: () => ({ header: { prev: btoa('y'.repeat(32)) } }),
    fault: 'PREV_BROKEN',
    place: /^prev$/,
  },
];

test('signed but faulty batches are leafed, unreadable, and the chain goes on', async (t) => {
  const { agent, neighbour, harness } = site;
  for (const { what, options, fault, place } of FAULTY) {
    await t.test(what, async () => {
      const before = await site.kept();
      const from_ms = agent.at_ms;
      const { batch, answer } = await site.minute(agent, options(agent));
      assert.deepEqual([answer.status, answer.body.leaf], [200, before.leaves], answer.message);
      const between = await site.kept();
      assert.deepEqual(between, {
        leaves: before.leaves + 1,
        batches: before.batches + 1,
        seq: batch.seq,
      });
      const row = await harness.deps.store.batch(SITE, 'do-1', 1, batch.seq);
      assert.equal(row?.fault, fault);
      // Nobody but the people of the collector can act on it: code, place and fix are in its log.
      const told = harness
        .log()
        .split('\n')
        .filter((line) => line.includes('unreadable batch'))
        .map((line): Record<string, unknown> => JSON.parse(line))
        .find(({ seq }) => seq === batch.seq);
      assert.deepEqual([told?.code, told?.site, told?.agent], [fault, SITE, 'do-1']);
      assert.match(String(told?.place), place);
      assert.ok(String(told?.hint).length > 10);
      const again = await site.post(batch.body);
      assert.deepEqual([again.status, again.body.duplicate], [200, true]);
      await good(agent);
      await good(neighbour);
      const runs = await site.slots(from_ms, agent.at_ms);
      assert.deepEqual(
        runs.map((run) => [run.class, run.slots]),
        [
          ['unreadable', 60],
          ['reply', 60],
        ],
      );
    });
  }
});

test('endpoints stay readable beside a faulty infra section', async () => {
  const { agent } = site;
  const from_ms = agent.at_ms;
  await site.minute(agent, { codes: { 0: 'r59' } });
  await good(agent);
  const [pc] = await site.slots(from_ms, from_ms + MINUTE_MS, 'pc-1');
  assert.deepEqual([pc?.class, pc?.slots], ['reply', 6]);
});

test('a clock that runs ahead or back: leafed, clock_invalid, what was known stays', async (t) => {
  const { agent, neighbour } = site;
  for (const [what, error_ms] of [
    ['half an hour ahead', HALF_HOUR_MS],
    ['three minutes back', -3 * MINUTE_MS],
    ['a year ahead', 365 * 24 * 60 * MINUTE_MS],
    ['at 1970', -agent.at_ms + MINUTE_MS],
  ] as const) {
    await t.test(what, async () => {
      await good(agent);
      const before = await site.kept();
      const from_ms = agent.at_ms;
      const known = await site.slots(from_ms - 5 * MINUTE_MS, from_ms);
      const mono_ms = from_ms - agent.start_ms + 1_000_000;
      const wall_ms = from_ms + error_ms;
      const clock = [{ mono_ms, wall_ms, source: 'kernel', sync: true, error_ms: 5 }] as const;
      const at_ms = wall_ms + MINUTE_MS;
      const header = { run: `run ${what}`.replaceAll(' ', '-'), clock, sealed_ms: at_ms };
      const batch = agent.next({ header: { ...header, closed_to_ms: at_ms } });
      site.harness.clock.now_ms = Math.max(site.harness.clock.now_ms, agent.at_ms + 500);
      const answer = await site.post(batch.body);
      assert.deepEqual([answer.status, answer.body.leaf], [200, before.leaves], answer.message);
      await good(agent);
      await good(neighbour);
      const kept = await site.kept();
      assert.equal(kept.batches, before.batches + 3);
      const runs = await site.slots(from_ms, agent.at_ms);
      assert.deepEqual(
        runs.map((run) => [run.class, run.slots]),
        [
          ['clock_invalid', 60],
          ['reply', 60],
        ],
      );
      assert.deepEqual(await site.slots(from_ms - 5 * MINUTE_MS, from_ms), known);
    });
  }
});

test('lost batches: a gap is refused, a signed hole goes on, the time is not_received', async () => {
  const { agent } = site;
  const from_ms = agent.at_ms;
  const kept = chain(agent);
  agent.next();
  agent.next();
  const late = await site.minute(agent);
  assertRefused(late.answer, 409, 'EXPECT', 'a gap');
  assert.deepEqual(late.answer.body.expect, { epoch: 1, seq: kept.seq + 1 });
  const { at_ms } = agent;
  Object.assign(agent, kept);
  const before = await site.kept();
  const forged = serializeEnvelope(
    signEnvelope(generateSigner().signer, documentType('hole'), holePayload(agent), crypto()),
  );
  assertRefused(await site.post(forged, HOLE_CONTENT_TYPE), 422, 'DSSE_SIGNATURE', 'forged hole');
  assert.deepEqual(await site.kept(), before);
  const answer = await site.post(agent.hole(3, 'lost_disk'), HOLE_CONTENT_TYPE);
  assert.equal(answer.status, 200, answer.message);
  agent.at_ms = at_ms;
  await good(agent);
  const runs = await site.slots(from_ms, agent.at_ms);
  assert.deepEqual(
    runs.map((run) => [run.class, run.slots]),
    [
      ['not_received', 180],
      ['reply', 60],
    ],
  );
});

test('an invented seen closes no log; a validly signed larger one closes it', async (t) => {
  const { agent, neighbour, harness } = site;
  const { ledger, store } = harness.deps;
  const key = loadKeys(harness.data_dir, { may_create: false }).log;
  const { origin } = ledger.checkpoint();
  const note = (signer: Signer, size: number, name = origin): string =>
    signCheckpoint(crypto(), signer, { origin: name, size, root: new Uint8Array(32).fill(5) });
  const unsigned = `${origin}\n999999\n${btoa('z'.repeat(32))}\n`;
  const document = loadKeys(harness.data_dir, { may_create: false }).document;
  const invented: [string, string][] = [
    ['unsigned', unsigned],
    ['signed with nonsense', `${unsigned}\n— ${origin} ${btoa('q'.repeat(68))}\n`],
    ['signed by a stranger', note(generateSigner().signer, 999_999)],
    ['signed by the document key', note(document, 999_999)],
    ['signed by the agent itself', note(agent.signer, 999_999)],
    ['of a log elsewhere', note(key, 999_999, 'elsewhere.example/log-1')],
    ['garbage', 'x'.repeat(4_000)],
    ['changed after signing', note(key, 3).replace('\n3\n', '\n999999\n')],
  ];
  for (const [what, checkpoint] of invented) {
    await t.test(what, async () => {
      const seen = { log: origin, size: 999_999, checkpoint };
      const { answer } = await site.minute(agent, { header: { seen } });
      assert.equal(answer.status, 200, answer.message);
      assert.deepEqual([ledger.checkpoint().origin, (await store.logs()).length], [origin, 1]);
    });
  }
  const { size } = ledger.checkpoint();
  const batches = (await site.kept()).batches;
  const checkpoint = note(key, size + 50);
  const seen = { log: origin, size: size + 50, checkpoint };
  const { answer } = await site.minute(agent, { header: { seen } });
  assert.equal(answer.status, 200, 'the batch itself is kept');
  const [first, second] = await store.logs();
  assert.match(first?.closed_reason ?? '', new RegExp(`^agent_saw_newer: ${origin} ${size + 50} `));
  const next = ledger.checkpoint();
  assert.deepEqual([next.origin, next.log], [second?.origin, 2]);
  for (const who of [agent, neighbour]) {
    await good(who);
    assert.ok(await store.batch(who.site, 'do-1', 1, who.seq));
  }
  // Shown again by another agent, it closes nothing more.
  await site.minute(neighbour, { header: { seen } });
  assert.equal((await store.logs()).length, 2);
  assert.equal((await site.kept()).batches, batches + 4);
  assert.deepEqual(await logsFor(agent), [origin, next.origin]);
});

test('two agents with one key: the other batch is on record, the time is conflict', async () => {
  const { agent, neighbour, harness } = site;
  await good(agent);
  const before = await site.kept();
  const clone = agent.fork();
  const answer = await site.post(clone.body);
  assertRefused(answer, 409, 'CONFLICT', 'a clone');
  assertRefused(await site.post(clone.body), 409, 'CONFLICT', 'the same clone');
  const kept = await site.kept();
  assert.deepEqual(kept, { ...before, leaves: before.leaves + 1 }, 'one leaf and no batch');
  const [document] = await harness.deps.store.documents(SITE, 'conflict', 'do-1');
  const { payload } = JSON.parse(document?.text ?? '{}');
  const said = JSON.parse(fromUtf8(Buffer.from(payload, 'base64')));
  assert.deepEqual([said.seq, said.other_hash], [clone.seq, toBase64(clone.hash)]);
  const from_ms = agent.at_ms;
  await good(agent);
  await good(agent);
  await good(neighbour);
  const runs = await site.slots(from_ms, agent.at_ms);
  assert.deepEqual(
    runs.map((run) => [run.class, run.slots]),
    [['conflict', 120]],
  );
});

function crypto() {
  return site.harness.deps.crypto;
}

function holePayload(agent: TestAgent): Uint8Array {
  return utf8(
    JSON.stringify({
      ...{ v: 1, site: SITE, agent: 'do-1', epoch: 1, from_seq: agent.seq + 1 },
      ...{ to_seq: agent.seq + 3, reason: 'lost_disk', at_ms: agent.at_ms },
      next_prev: toBase64(new Uint8Array(32)),
    }),
  );
}

/** Logs as the agent itself is told of them, in order. */
async function logsFor(agent: TestAgent): Promise<string[]> {
  const url = '/api/v1/agents/self/logs';
  const { nonce } = (await site.harness.get('/api/v1/agents/nonce')).body;
  const authorization = signRequest(crypto(), agent.signer, 'GET', url, nonce);
  const answer = await site.harness.send({ method: 'GET', url, headers: { authorization } });
  return answer.body.log_open.map(
    ({ payload }: { payload: string }) => JSON.parse(fromUtf8(Buffer.from(payload, 'base64'))).log,
  );
}
