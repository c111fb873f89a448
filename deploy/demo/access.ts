import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCredential, issueCredential } from '../../collector/auth/credentials.ts';
import type { PeopleDeps } from '../../collector/deps.ts';
import { writeAccess } from './folder.ts';

/** What a person or a script needs to look around. */
export interface Access {
  readonly url: string;
  readonly admin_token: string;
  readonly viewer_token: string;
  readonly sites: readonly string[];
}

/** Keeps the tokens of an earlier start while they are valid, and writes access.json anew. */
export async function giveAccess(
  deps: PeopleDeps,
  data_dir: string,
  url: string,
  sites: readonly string[],
): Promise<Access> {
  const before = readAccess(data_dir);
  const access: Access = {
    url,
    admin_token: await tokenOf(deps, 'admin', before.admin_token),
    viewer_token: await tokenOf(deps, 'viewer', before.viewer_token),
    sites,
  };
  writeAccess(data_dir, access);
  return access;
}

/** A link that signs in once, as an administrator. */
export async function signInLink(deps: PeopleDeps, url: string): Promise<string> {
  const wanted = { kind: 'sign_in', role: 'admin', unit: null, label: 'demo', by: 'demo' } as const;
  const { secret } = await issueCredential(deps, wanted);
  return `${url}/sign-in?code=${secret}`;
}

async function tokenOf(
  deps: PeopleDeps,
  role: 'admin' | 'viewer',
  known: string | undefined,
): Promise<string> {
  if (known !== undefined) {
    const row = await findCredential(deps.store, deps.now_ms(), ['api'], known);
    if (row?.role === role) return known;
  }
  const wanted = { kind: 'api', role, unit: null, label: `demo ${role}`, by: 'demo' } as const;
  return (await issueCredential(deps, wanted)).secret;
}

function readAccess(data_dir: string): Partial<Access> {
  try {
    const value: unknown = JSON.parse(readFileSync(join(data_dir, 'access.json'), 'utf8'));
    return Object.assign({}, value);
  } catch {
    return {};
  }
}
