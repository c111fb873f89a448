/** Bundles of a real collector, and the verifier with everything that Node gives it. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as afterIo } from 'node:timers/promises';
import { buildBundle } from '../../collector/report/bundle/build.ts';
import { prepareBundle } from '../../collector/report/bundle/prepare.ts';
import { bytesSource } from '../../shared/evidence/bundle/zip-reading.ts';
import { verifyTimestamp } from '../../shared/evidence/timestamp/verify.ts';
import type { FindingCode } from '../../shared/evidence/verify/codes.ts';
import type {
  CheckId,
  Finding,
  Hasher,
  Verdict,
  VerifyOptions,
} from '../../shared/evidence/verify/types.ts';
import { verifyBundle } from '../../shared/evidence/verify/verify.ts';
import type { Span } from '../../shared/judge/spans.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { unpackSection } from '../../shared/node/section-bytes.ts';
import type { Harness } from '../collector/harness.ts';

export function nodeSha256(): Hasher {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => new Uint8Array(hash.digest()),
  };
}

/**
 * Verifies bytes as an auditor would who holds nothing; `held` says otherwise. Throws where the
 * verifier met what it did not foresee: no test may take its own fault for one of the file.
 */
export async function verified(
  bytes: Uint8Array,
  held: Partial<VerifyOptions> = {},
): Promise<Verdict> {
  const verdict = await verifiedAnyhow(bytes, held);
  const [unforeseen] = findings(verdict, 'UNFORESEEN');
  if (unforeseen !== undefined) throw new Error(`unforeseen: ${unforeseen.detail.problem}`);
  return verdict;
}

/** The same, whatever was found. */
export async function verifiedAnyhow(
  bytes: Uint8Array,
  held: Partial<VerifyOptions> = {},
): Promise<Verdict> {
  return await verifyBundle({
    source: bytesSource(bytes),
    crypto: createNodeCrypto(),
    createSha256: nodeSha256,
    unpackSection,
    trust: null,
    checkpoints: [],
    bundle_sha256: null,
    tsa_roots: [],
    every: false,
    verifyTimestamp,
    onProgress: () => {},
    breathe: async () => {},
    ...held,
  });
}

/** Builds the bundle of a site's period from a collector. */
export async function bundleOf(
  { deps }: Harness,
  site: string,
  period: Span,
  masked = false,
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'lanproof-bundle-'));
  try {
    const ask = await prepareBundle(deps, site, period, masked);
    const { path } = await buildBundle(
      { ...deps, verifier: [], witnesses: [], breathe: () => afterIo() },
      ask,
      { folder, name: 'x.zip', onProgress: () => {}, signal: new AbortController().signal },
    );
    return new Uint8Array(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `check CODE place {detail}`: what was found, gravest first, for messages and comparisons. */
export function told({ checks }: Verdict): string[] {
  return checks.flatMap(({ id, findings }) =>
    findings.map(({ severity, code, place, detail }) =>
      [severity, id, code, place, JSON.stringify(detail)].join(' '),
    ),
  );
}

/** The findings with a code. */
export function findings({ checks }: Verdict, code: FindingCode): Finding[] {
  return checks.flatMap((check) => check.findings.filter((finding) => finding.code === code));
}

/** Checks that failed, in order. */
export function failedChecks({ checks }: Verdict): CheckId[] {
  return checks.flatMap(({ id, status }) => (status === 'failed' && id !== 'verdict' ? [id] : []));
}
