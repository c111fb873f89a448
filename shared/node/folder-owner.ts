import {
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  readdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A share that maps users refuses, and so does a root without this right: no harm in itself. */
const REFUSED: readonly string[] = ['EPERM', 'EINVAL', 'ENOSYS', 'ENOTSUP'];

/**
 * What root writes would be out of reach for a program that runs as another user: it goes to the
 * owner of its folder. Nobody but root may give files away, and nobody else needs to. Links are
 * given as such, never what they point to.
 */
export function giveToOwner(path: string): void {
  give(
    dirname(path),
    () => lstatSync(path),
    (uid, gid) => lchownSync(path, uid, gid),
  );
}

/** The same for all that lies in a folder, which itself stays as it is. */
export function giveAllToOwner(folder: string): void {
  if (process.getuid?.() !== 0) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    giveToOwner(path);
    if (entry.isDirectory()) giveAllToOwner(path);
  }
}

/** The same for an open file, which cannot be exchanged for another one meanwhile. */
export function giveFile(file: number, folder: string): void {
  give(
    folder,
    () => fstatSync(file),
    (uid, gid) => fchownSync(file, uid, gid),
  );
}

function give(
  folder: string,
  now: () => Pick<Stats, 'uid'>,
  chown: (uid: number, gid: number) => void,
): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  if (now().uid === uid) return;
  try {
    chown(uid, gid);
  } catch (error) {
    if (!REFUSED.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
