import type { PeopleDeps } from '../deps.ts';
import { HttpError } from '../http-error.ts';
import { readUnitTree } from '../inventory/units.ts';
import type { CredentialRow } from '../store/rows.ts';
import type { ReadUnit } from '../store/store.ts';
import { principalOf, putRevoked } from './credentials.ts';
import { isWithin } from './roles.ts';

export type CredentialState = 'valid' | 'expired' | 'revoked';

/** What people may know of an API token or a session; neither its secret nor its hash. */
export interface SignedIn extends Omit<CredentialRow, 'kind' | 'hash'> {
  readonly kind: 'api' | 'session';
  readonly state: CredentialState;
  /** Valid sessions that were opened with this API token. */
  readonly sessions: number;
}

export interface Ended {
  /** As audit rows name it: `api:…` or `session:…`. */
  readonly name: string;
  /** Sessions of the token that ended with it. */
  readonly sessions: number;
  /** Valid tokens that were made with it or with its sessions: they stay until they are revoked. */
  readonly made: readonly string[];
}

/**
 * Who can sign in to the units below `unit` (null: all), newest first: every API token, also the
 * ended ones, as audit rows name them; and the valid sessions that no API token stands for.
 */
export async function listSignedIn(
  { store, now_ms }: PeopleDeps,
  unit: string | null,
): Promise<SignedIn[]> {
  const now = now_ms();
  const visible = await within(store, unit);
  const valid = (await store.credentials('session')).filter(
    (row) => stateOf(row, now) === 'valid' && visible(row),
  );
  const tokens = (await store.credentials('api')).filter(visible);
  const names = new Set(tokens.map((row) => principalOf(row).name));
  const alone = valid.filter(({ created_by }) => !names.has(created_by));
  return [...tokens, ...alone]
    .sort((a, b) => b.created_ms - a.created_ms)
    .map((row) => {
      const { name } = principalOf(row);
      const sessions = valid.filter(({ created_by }) => created_by === name).length;
      const { id, label, role, unit: root, created_ms, created_by } = row;
      const { expires_ms, last_used_ms, revoked_ms } = row;
      const kind = row.kind === 'api' ? 'api' : 'session';
      const times = { created_ms, created_by, expires_ms, last_used_ms, revoked_ms };
      return { id, kind, label, role, unit: root, ...times, state: stateOf(row, now), sessions };
    });
}

/**
 * Ends an API token with the sessions that were opened with it, or one session. Throws HttpError
 * TOKEN_UNKNOWN for what does not exist below `unit`, or TOKEN_REVOKED.
 */
export function endCredential(
  deps: PeopleDeps,
  id: string,
  unit: string | null,
  by: string,
): Promise<Ended> {
  return deps.store.write(async (tx) => {
    const now = deps.now_ms();
    const sessions = await tx.credentials('session');
    const tokens = await tx.credentials('api');
    const visible = await within(tx, unit);
    const row = [...tokens, ...sessions].find((found) => found.id === id);
    if (row === undefined || !visible(row)) throw unknown();
    if (row.revoked_ms !== null) throw revokedBefore();
    const { name } = principalOf(row);
    const opened = sessions.filter(({ created_by }) => created_by === name);
    const ended = opened.filter((one) => stateOf(one, now) === 'valid');
    for (const one of [row, ...ended]) await putRevoked(tx, one, now, by);
    const makers = [name, ...opened.map((one) => principalOf(one).name)];
    const made = tokens.filter(
      (one) => makers.includes(one.created_by) && stateOf(one, now) === 'valid',
    );
    return {
      name,
      sessions: ended.length,
      made: made.map((one) => principalOf(one).name),
    };
  });
}

function stateOf({ revoked_ms, expires_ms }: CredentialRow, now_ms: number): CredentialState {
  if (revoked_ms !== null) return 'revoked';
  return expires_ms !== null && expires_ms <= now_ms ? 'expired' : 'valid';
}

/** Who sees a part of the units knows only of those that see no more. */
async function within(
  reads: Pick<ReadUnit, 'units'>,
  root: string | null,
): Promise<(row: CredentialRow) => boolean> {
  if (root === null) return () => true;
  const tree = await readUnitTree(reads);
  return ({ unit }) => unit !== null && isWithin(unit, root, tree);
}

function unknown(): HttpError {
  return new HttpError(404, 'TOKEN_UNKNOWN', 'there is no token or session with this ID', {
    hint: 'lanproof token list shows them; an enrolment token is used up or expires by itself',
  });
}

function revokedBefore(): HttpError {
  return new HttpError(409, 'TOKEN_REVOKED', 'it was revoked before', {
    hint: 'nothing is left to do; lanproof token list shows what is still valid',
  });
}
