/** State directories of agents that a real collector in this process enrolled. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createDelivery, type Delivery } from '../../agent/deliver/delivery.ts';
import { type Identity, KEY_FILE, loadIdentity, saveEnrolment } from '../../agent/identity.ts';
import { createLog } from '../../agent/log.ts';
import { createSealer } from '../../agent/seal.ts';
import { writeHeadHint } from '../../agent/spool/loss.ts';
import { toBase64 } from '../../shared/bytes.ts';
import { generateSigner } from '../../shared/node/crypto.ts';
import { type Harness, importSite, openHarness } from '../collector/harness.ts';
import { crypto, temporaryDir } from './agent-kit.ts';

export const SITE = 'socson-hq';

export interface EnrolledState {
  readonly harness: Harness;
  readonly state_dir: string;
  /** The state directory as it was enrolled. */
  readonly other_dir: string;
  readonly problems: string[];
  /** `load` reads the identity in another way than from the folder. */
  run<T>(work: (delivery: Delivery) => Promise<T>, load?: () => Identity): Promise<T>;
  /** The same agent's programs on another folder. */
  on(state_dir: string): EnrolledState;
  /** The same folder's programs with another collector at the other end. */
  to(harness: Harness): Promise<EnrolledState>;
  /** Seals so many batches with the key in use and delivers them. */
  deliver(count: number): Promise<void>;
}

/** A state directory of an agent that a real collector enrolled. */
export async function enrolledState(t: TestContext): Promise<EnrolledState> {
  const harness = await openHarness();
  t.after(() => harness.close());
  await importSite(harness, SITE, 'xa-soc-son');
  const state_dir = temporaryDir(t);
  await enrolInto(harness, state_dir);
  const other_dir = temporaryDir(t);
  cpSync(state_dir, other_dir, { recursive: true });
  return await programsWith(harness, { state_dir, other_dir });
}

async function programsWith(
  harness: Harness,
  { state_dir, other_dir }: Pick<EnrolledState, 'state_dir' | 'other_dir'>,
): Promise<EnrolledState> {
  const url = await harness.app.listen({ host: '127.0.0.1', port: 0 });
  const problems: string[] = [];
  const on = (dir: string): EnrolledState => {
    const parts = { harness, state_dir: dir, other_dir, problems };
    return programsOn(url, { ...parts, on, to: (next) => programsWith(next, parts) });
  };
  return on(state_dir);
}

function programsOn(url: string, parts: Omit<EnrolledState, 'run' | 'deliver'>): EnrolledState {
  const { harness, state_dir, problems } = parts;
  const made: EnrolledState = {
    ...parts,
    async run(work, load = () => loadIdentity(state_dir, crypto)) {
      const config = { collectors: [url], insecure: false, proxy: undefined, state_dir };
      const limits = { spool: { bytes_max: 64 * 1024 * 1024 } };
      const delivery = createDelivery(
        { ...config, ...limits },
        load,
        {
          ...{ crypto, log: createLog('silent') },
        },
        {
          ...{ monotonic_ms: () => performance.now(), wall_ms: () => Date.now() },
          ...{ utc_ms: () => harness.clock.now_ms, random: () => 0 },
          ...{ event: () => undefined, onTime: () => undefined },
          tell: (error) => void problems.push(`${error.code} ${error.message}`),
          ...{ onListVersion: () => undefined, onDelivered: () => undefined },
        },
      );
      try {
        return await work(delivery);
      } finally {
        delivery.spool.close();
        await delivery.http.close();
      }
    },
    deliver: (count) =>
      made.run(async (delivery) => {
        for (let at = 0; at < count; at++) await sealOne(made, delivery);
        await drain(delivery);
      }),
  };
  return made;
}

export async function enrolInto(harness: Harness, state_dir: string): Promise<void> {
  const admin = await harness.token('admin');
  const wanted = { method: 'POST', url: `/api/v1/sites/${SITE}/enrol-tokens` } as const;
  const payload = { agent: 'do-1', approve: true };
  const made = await harness.send({ ...wanted, payload }, admin);
  const { signer, pem } = generateSigner();
  const ask = { token: made.body.token, public_key: toBase64(signer.publicKey), software: 'x' };
  const url = '/api/v1/agents/enrol';
  const answer = (await harness.send({ method: 'POST', url, payload: ask })).body;
  mkdirSync(state_dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(state_dir, KEY_FILE), pem, { mode: 0o600 });
  const { enrol, log_open, checkpoint } = answer;
  const document_key = toBase64(harness.deps.document_key.publicKey);
  saveEnrolment(state_dir, { v: 1, tls: null, document_key, enrol, log_open, checkpoint });
  writeHeadHint(state_dir, loadIdentity(state_dir, crypto).origin);
}

export async function sealOne(
  { harness, state_dir }: EnrolledState,
  { spool, proofs }: Delivery,
): Promise<void> {
  const { signer, site, agent } = loadIdentity(state_dir, crypto);
  // Which list it names plays no part here.
  const targets = await harness.deps.store.targets(site, 'do-1');
  if (targets === null) throw new Error('no list');
  const list = { version: targets.version, hash: toBase64(targets.hash), targets: [] };
  const now = harness.clock.now_ms;
  const sealer = createSealer({
    ...{ crypto, signer, site, agent, software: 'lanproof-test' },
    randomBytes: (count) => new Uint8Array(count),
  });
  spool.put(
    sealer.seal(
      {
        ...{ list, closed_to_ms: now, infra: { v: 1, series: [] } },
        ...{ endpoints: undefined, identity: undefined, events: [] },
      },
      {
        ...{ cause: 'minute', sealed_ms: now, boot: 'boot', run: 'run', clock: [] },
        ...{ seen: proofs.forHeader(), engine: { icmp: 'none', arp: 'none' } },
      },
      spool.head,
    ),
  );
}

export async function drain({ spool, deliverer }: Delivery): Promise<void> {
  for (let at = 0; at < 20 && spool.waiting > 0; at++) {
    const wait_ms = await deliverer.step();
    if (wait_ms > 0 && spool.waiting > 0) await new Promise((go) => setTimeout(go, 300));
  }
  assert.equal(spool.waiting, 0, deliverer.problem);
}
