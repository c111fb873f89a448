import { LanProofError } from '../../shared/errors.ts';
import type { PeopleDeps } from '../deps.ts';
import type { CredentialRow, Role } from '../store/rows.ts';
import type { WriteUnit } from '../store/store.ts';
import type { PeopleReads } from '../store/store-people.ts';
import { may, type Principal } from './roles.ts';
import { hashSecret, newId, newSecret } from './secrets.ts';

/** Prefixes let a person and a secret scanner tell what a text is. */
export const API_TOKEN_PREFIX = 'lpa1_';
const SESSION_PREFIX = 'lps1_';
const SIGN_IN_PREFIX = 'lpc1_';
/** A browser stays signed in; the row can be revoked at any time. */
export const SESSION_VALID_MS = 30 * 24 * 3_600_000;
/** The link stands in a terminal and its scroll-back: it must die soon. */
export const SIGN_IN_VALID_MS = 15 * 60_000;
/** `last_used` tells people which token is dead; writing it each time would wear the disk. */
const LAST_USED_STEP_MS = 3_600_000;

const PREFIX: Readonly<Record<CredentialRow['kind'], string>> = {
  api: API_TOKEN_PREFIX,
  session: SESSION_PREFIX,
  sign_in: SIGN_IN_PREFIX,
};
const VALID_MS: Readonly<Record<CredentialRow['kind'], number | null>> = {
  api: null,
  session: SESSION_VALID_MS,
  sign_in: SIGN_IN_VALID_MS,
};

export interface NewCredential {
  readonly kind: CredentialRow['kind'];
  readonly role: Role;
  /** Root of the visible subtree; null: all. */
  readonly unit: string | null;
  readonly label: string;
  /** Who made it: a principal's name or `system`. */
  readonly by: string;
}

export interface IssuedCredential {
  readonly id: string;
  /** Shown once; only its hash is kept. */
  readonly secret: string;
  readonly expires_ms: number | null;
}

/** Makes an API token, a session or a sign-in link. Throws LanProofError UNIT_UNKNOWN. */
export function issueCredential(
  deps: PeopleDeps,
  wanted: NewCredential,
): Promise<IssuedCredential> {
  return deps.store.write((tx) => addCredential(tx, deps, wanted));
}

async function addCredential(
  tx: WriteUnit,
  deps: PeopleDeps,
  wanted: NewCredential,
): Promise<IssuedCredential> {
  const { kind, label, role, unit, by } = wanted;
  if (unit !== null && (await tx.unit(unit)) === null) throw noUnit(unit);
  const id = newId(deps.random);
  const secret = `${PREFIX[kind]}${newSecret(deps.random)}`;
  const created_ms = deps.now_ms();
  const valid_ms = VALID_MS[kind];
  const expires_ms = valid_ms === null ? null : created_ms + valid_ms;
  const times = { created_ms, expires_ms, last_used_ms: null, revoked_ms: null };
  const hash = hashSecret(secret);
  await tx.putCredential({ id, kind, hash, label, role, unit, created_by: by, ...times });
  await tx.addAudit({
    at_ms: created_ms,
    actor: by,
    action: `${kind}.create`,
    site: null,
    detail: JSON.stringify({ id, role, unit }),
  });
  return { id, secret, expires_ms };
}

/** The valid credential that a secret belongs to; undefined for every other text. */
export async function findCredential(
  reads: Pick<PeopleReads, 'credentialByHash'>,
  now_ms: number,
  kinds: readonly CredentialRow['kind'][],
  secret: string,
): Promise<CredentialRow | undefined> {
  const row = await reads.credentialByHash(hashSecret(secret));
  if (row === null || !kinds.includes(row.kind) || row.revoked_ms !== null) return undefined;
  return row.expires_ms !== null && row.expires_ms <= now_ms ? undefined : row;
}

/** Notes the use of a credential, at most once an hour. */
export async function touchCredential(deps: PeopleDeps, row: CredentialRow): Promise<void> {
  const now = deps.now_ms();
  if (row.last_used_ms !== null && now - row.last_used_ms < LAST_USED_STEP_MS) return;
  await deps.store.write(async (tx) => {
    const newest = await tx.credentialByHash(row.hash);
    // A revocation may have come in between; writing the old row would undo it.
    if (newest !== null) await tx.putCredential({ ...newest, last_used_ms: now });
  });
}

/**
 * Trades a sign-in link or an API token for a session; a link works once. Returns undefined for
 * any other text.
 */
export function openSession(
  deps: PeopleDeps,
  kind: 'sign_in' | 'api',
  secret: string,
): Promise<IssuedCredential | undefined> {
  return deps.store.write(async (tx) => {
    const now = deps.now_ms();
    const row = await findCredential(tx, now, [kind], secret);
    if (row === undefined || !may(row.role, 'read')) return undefined;
    if (kind === 'sign_in') {
      await tx.putCredential({ ...row, revoked_ms: now, last_used_ms: now });
    }
    const { role, unit, label } = row;
    const by = principalOf(row).name;
    return addCredential(tx, deps, { kind: 'session', role, unit, label, by });
  });
}

/** Ends a credential now. */
export function revokeCredential(deps: PeopleDeps, row: CredentialRow, by: string): Promise<void> {
  return deps.store.write((tx) => putRevoked(tx, row, deps.now_ms(), by));
}

export async function putRevoked(
  tx: WriteUnit,
  row: CredentialRow,
  now_ms: number,
  by: string,
): Promise<void> {
  await tx.putCredential({ ...row, revoked_ms: now_ms });
  await tx.addAudit({
    at_ms: now_ms,
    actor: by,
    action: `${row.kind}.revoke`,
    site: null,
    detail: JSON.stringify({ id: row.id }),
  });
}

export function principalOf(row: CredentialRow): Principal {
  return { role: row.role, unit: row.unit, name: `${row.kind}:${row.id}` };
}

/** True if nobody can sign in as an administrator yet: a sign-in link is printed then. */
export async function isFirstRun(store: PeopleReads): Promise<boolean> {
  const rows = [...(await store.credentials('api')), ...(await store.credentials('session'))];
  return !rows.some((row) => row.revoked_ms === null && row.role === 'admin' && row.unit === null);
}

function noUnit(unit: string): LanProofError {
  return new LanProofError('UNIT_UNKNOWN', `there is no unit ${JSON.stringify(unit)}`, {
    hint: 'import the unit first (an inventory file or units.csv), or leave --unit out',
  });
}
