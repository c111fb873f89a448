import { LanProofError } from '../../shared/errors.ts';
import { encodeEnrolToken } from '../../shared/measure/enrol-token.ts';
import { isCode } from '../../shared/measure/inventory-defaults.ts';
import type { Inventory } from '../../shared/measure/inventory-types.ts';
import type { PeopleDeps } from '../deps.ts';
import type { ReadUnit } from '../store/store.ts';
import { hashSecret, newId, newSecret } from './secrets.ts';

export const ENROL_VALID_DEFAULT_MS = 60 * 60_000;
/** A kit sent by post arrives within it (evidence §7). */
export const ENROL_VALID_MAX_MS = 30 * 24 * 3_600_000;
/** Automatic codes: do-1, do-2 … (máy đo). */
const AGENT_CODE_PREFIX = 'do-';

/** What agents pin: keys and certificate of this collector. */
export interface CollectorIdentity {
  /** Base64 SHA-256 of the TLS key; null for plain HTTP. */
  readonly tls: string | null;
  /** Base64 SHA-256 of the raw keys. */
  readonly log_key: string;
  readonly document_key: string;
}

export interface EnrolTokenRequest {
  readonly site: string;
  /** Undefined: the inventory's first agent without a key, else the next do-N. */
  readonly agent: string | undefined;
  readonly valid_ms: number;
  /** The key is accepted without a person. */
  readonly approve: boolean;
  readonly by: string;
}

export interface IssuedEnrolToken {
  readonly site: string;
  readonly agent: string;
  /** The text for `lanproof enrol --token`; shown once. */
  readonly token: string;
  readonly expires_ms: number;
}

/**
 * Makes a single-use enrolment token. Throws LanProofError SITE_UNKNOWN, AGENT_UNKNOWN,
 * TOKEN_VALIDITY.
 */
export function issueEnrolToken(
  deps: PeopleDeps,
  identity: CollectorIdentity,
  wanted: EnrolTokenRequest,
): Promise<IssuedEnrolToken> {
  checkValidity(wanted);
  return deps.store.write(async (tx) => {
    const row = await tx.site(wanted.site);
    if (row === null) {
      throw new LanProofError('SITE_UNKNOWN', `there is no site ${JSON.stringify(wanted.site)}`, {
        hint: 'import its inventory first: lanproof import inventory.yml',
      });
    }
    const inventory: Inventory = JSON.parse(row.inventory);
    const agent = await chooseAgent(tx, inventory, wanted.agent);
    const id = newId(deps.random);
    const secret = newSecret(deps.random);
    const created_ms = deps.now_ms();
    const expires_ms = created_ms + wanted.valid_ms;
    await tx.putEnrolToken({
      site: wanted.site,
      id,
      agent,
      secret_hash: hashSecret(secret),
      approve: wanted.approve,
      created_ms,
      created_by: wanted.by,
      expires_ms,
      used_ms: null,
      used_by_key: null,
    });
    await tx.addAudit({
      at_ms: created_ms,
      actor: wanted.by,
      action: 'enrol_token.create',
      site: wanted.site,
      detail: JSON.stringify({ id, agent, expires_ms, approve: wanted.approve }),
    });
    const token = encodeEnrolToken({ v: 1, id, secret, ...identity });
    return { site: wanted.site, agent, token, expires_ms };
  });
}

async function chooseAgent(
  tx: ReadUnit,
  inventory: Inventory,
  wanted: string | undefined,
): Promise<string> {
  const listed = inventory.agents.map(({ code }) => code);
  const enrolled = (await tx.agents(inventory.site.code)).map(({ agent }) => agent);
  const next = nextCode([...listed, ...enrolled]);
  if (wanted === undefined) return listed.find((code) => !enrolled.includes(code)) ?? next;
  if (listed.includes(wanted) || enrolled.includes(wanted) || wanted === next) return wanted;
  const shown = isCode(wanted) ? wanted : '(not a code)';
  throw new LanProofError('AGENT_UNKNOWN', `the inventory has no agent ${shown}`, {
    hint: `write one of ${listed.join(', ')}, or ${next} for a further one`,
  });
}

function nextCode(taken: readonly string[]): string {
  let number = 1;
  while (taken.includes(`${AGENT_CODE_PREFIX}${number}`)) number += 1;
  return `${AGENT_CODE_PREFIX}${number}`;
}

function checkValidity({ valid_ms, approve }: EnrolTokenRequest): void {
  const fits = Number.isSafeInteger(valid_ms) && valid_ms >= 60_000;
  if (!fits || valid_ms > ENROL_VALID_MAX_MS) {
    throw new LanProofError('TOKEN_VALIDITY', 'a token is valid from 1 minute to 30 days', {
      hint: 'write --valid 60m, 24h or 30d',
    });
  }
  if (approve && valid_ms > APPROVE_VALID_MAX_MS) {
    throw new LanProofError('TOKEN_VALIDITY', 'a token that approves itself is valid for a day', {
      hint: 'leave --approve out: a person then compares the short code and approves',
    });
  }
}

/** A posted kit is always approved by a person (evidence §7); a script runs today. */
export const APPROVE_VALID_MAX_MS = 24 * 3_600_000;
