/** Five auditors: the same verifier, and what each holds beside the bundle. */
import { utf8 } from '../../shared/bytes.ts';
import { parsePolicy } from '../../shared/evidence/bundle/policy.ts';
import { FINDINGS, type FindingCode } from '../../shared/evidence/verify/codes.ts';
import type { Verdict, VerifyOptions } from '../../shared/evidence/verify/types.ts';
import { createNodeCrypto } from '../../shared/node/crypto.ts';
import { takeApart, textOf } from '../support/tamper.ts';
import { verified } from '../support/verify-kit.ts';
import type { Office } from './office.ts';
import type { Auditor, Named } from './tampering.ts';

/** What an auditor got another way than in the bundle. */
export async function heldBy(auditor: Auditor, office: Office): Promise<Partial<VerifyOptions>> {
  const trust = textOf(await takeApart(office.bundle), 'policy.txt');
  switch (auditor) {
    case 'nothing':
      return {};
    case 'keys':
      return { trust: withoutWitness(trust) };
    case 'printed':
      return { checkpoints: [office.printed] };
    case 'stamp':
      return {
        trust: withoutWitness(trust),
        tsa_roots: office.stamper === null ? [] : [office.stamper.root],
      };
    case 'witness':
      return { trust };
  }
}

/** The lines of the log, as they stand in the minutes of the installation. */
function withoutWitness(policy: string): string {
  const logs = policy.split('\n').filter((line) => line.startsWith('log '));
  const text = `${logs.join('\n')}\nquorum none\n`;
  parsePolicy(createNodeCrypto(), text);
  return text;
}

/** What an auditor sees, for comparisons: codes of everything that is more than told. */
export async function seenBy(
  auditor: Auditor,
  office: Office,
  bytes: Uint8Array,
): Promise<Map<FindingCode, number>> {
  const verdict = await verified(bytes, await heldBy(auditor, office));
  return gravities(auditor, verdict);
}

/**
 * A failed check and a gap are seen by everybody. That nobody outside vouches for the log is only
 * strange to whoever knows that somebody does, and of a sheet to whoever holds it.
 */
function gravities(auditor: Auditor, { checks }: Verdict): Map<FindingCode, number> {
  const knows = auditor === 'stamp' || auditor === 'witness';
  const seen = new Map<FindingCode, number>();
  for (const { code, severity } of checks.flatMap(({ findings }) => findings)) {
    const own = knows || (auditor === 'printed' && code.startsWith('PRINTED_'));
    if (severity === 'note' || (severity === 'open' && !own)) continue;
    seen.set(code, (seen.get(code) ?? 0) + 1);
  }
  return seen;
}

/** What is there that is not in the untouched bundle. */
export function strange(
  found: ReadonlyMap<FindingCode, number>,
  usual: ReadonlyMap<FindingCode, number>,
): FindingCode[] {
  return [...found].flatMap(([code, count]) => (count > (usual.get(code) ?? 0) ? [code] : []));
}

/** Whether what an auditor sees is what the table says. */
export function agrees(named: Named, found: readonly FindingCode[]): boolean {
  return named === 'unseen' ? found.length === 0 : found.includes(named);
}

/** `chain (8)`, as the table of the documentation says it. */
export function checkOf(named: Named): string {
  return named === 'unseen' ? 'unseen' : FINDINGS[named][0];
}

/** Bytes that stand for a program. */
export const EVIL = utf8("console.log('KHỚP');\n");
