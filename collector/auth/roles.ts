import { ROLES, type Role } from '../store/rows.ts';

/**
 * Who may do what (contracts §4). Every role can be limited to a subtree of units.
 * - `read` sites, devices (computers as counts), availability, live
 * - `details` computers one by one, addresses, names
 * - `operate` inventory, approvals, enrolment tokens
 * - `administer` API tokens and sessions, agents' keys
 * - `verify` ledger texts
 * - `scrape` Prometheus text
 */
export const RIGHTS = ['read', 'details', 'operate', 'administer', 'verify', 'scrape'] as const;
export type Right = (typeof RIGHTS)[number];

const GRANTED: Readonly<Record<Role, readonly Right[]>> = {
  admin: RIGHTS,
  operator: ['read', 'details', 'operate', 'verify', 'scrape'],
  viewer: ['read'],
  auditor: ['read', 'verify'],
  metrics: ['scrape'],
};

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

export function may(role: Role, right: Right): boolean {
  return GRANTED[role].includes(right);
}

/** Roles that may, the one with the fewest rights first. */
export function rolesWith(right: Right): readonly Role[] {
  return ROLES.filter((role) => may(role, right)).sort(
    (a, b) => GRANTED[a].length - GRANTED[b].length,
  );
}

/** Who asks: a token or a session. */
export interface Principal {
  readonly role: Role;
  /** Root of the subtree of units that is visible, null for all. */
  readonly unit: string | null;
  /** What stands in audit rows: `token:<id>`, `session:<id>`, never a secret. */
  readonly name: string;
}

/** Longest chain of parents: province, commune, office leave room; more is a cycle. */
export const UNIT_DEPTH_MAX = 16;

/** True if `unit` is `root` or lies below it; a cycle or an unknown parent is outside. */
export function isWithin(
  unit: string,
  root: string | null,
  parents: ReadonlyMap<string, string | null>,
): boolean {
  if (root === null) return true;
  let at: string | null = unit;
  for (let depth = 0; at !== null && depth < UNIT_DEPTH_MAX; depth++) {
    if (at === root) return true;
    at = parents.get(at) ?? null;
  }
  return false;
}
