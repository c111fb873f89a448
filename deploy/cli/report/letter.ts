import { fromUtf8 } from '../../../shared/bytes.ts';
import { entryKind } from '../../../shared/evidence/bundle/names.ts';
import { openZip } from '../../../shared/evidence/bundle/zip-reading.ts';
import { openFileSource } from '../verify/file-source.ts';

/** Lines of a checkpoint that stand for the whole log: name, size and root. */
const PRINTED_LINES = 3;

/**
 * What belongs on the letter: SHA-256 of the bundle, and the checkpoint of its newest log. It is
 * the bundle's own one: a newer one would lie beyond what the bundle can prove. Throws
 * BUNDLE_FORMAT and the system's errors.
 */
export async function letterLines(path: string, sha256: string): Promise<string[]> {
  const source = await openFileSource(path);
  try {
    const found = (await openZip(source))
      .map((entry) => ({ entry, kind: entryKind(entry.name) }))
      .flatMap(({ entry, kind }) =>
        kind?.kind === 'log' && kind.file === 'checkpoint' ? [{ entry, log: kind.log }] : [],
      )
      .sort((a, b) => b.log - a.log)[0];
    const lines = ['write on the letter:', `  SHA-256: ${sha256}`];
    if (found === undefined) return lines;
    const note = fromUtf8(await source.read(found.entry.offset, found.entry.size));
    lines.push(`  checkpoint (${found.entry.name} of the zip), three lines:`);
    for (const line of note.split('\n').slice(0, PRINTED_LINES)) lines.push(`    ${line}`);
    return lines;
  } finally {
    await source.close();
  }
}
