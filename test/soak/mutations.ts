/** Random changes of a bundle, many more than in CI. */
import { runMutations, WAYS, type Way } from '../tamper/mutations.ts';
import { openMinutes } from '../tamper/office.ts';

export interface SoakedMutations {
  readonly day: string;
  readonly seed: number;
  readonly runs: number;
  /** Mutants that failed; the others say the same as the untouched bundle. */
  readonly failed: number;
  readonly seconds: number;
  /** What was not seen; null: nothing. */
  readonly finding: string | null;
}

/** As in CI: half of them are signed again, which leaves most to the other checks. */
const SHARES: Readonly<Record<Way, number>> = { raw: 4, fixed: 4, signed: 2 };
/** Between two lines of progress. */
const CHUNK = 1_000;

/** Ends at the first that is not seen; `say` is told of every thousand. */
export async function soakMutations(
  wanted: number,
  seed: number,
  say: (line: string) => void,
): Promise<SoakedMutations> {
  const began_ms = Date.now();
  const office = await openMinutes();
  let [runs, failed] = [0, 0];
  let finding: string | null = null;
  try {
    for (const way of WAYS) {
      for (let rest = Math.ceil(wanted / SHARES[way]); rest > 0; rest -= CHUNK) {
        const one = await runMutations(office, way, Math.min(rest, CHUNK), seed + runs);
        runs += one.runs;
        failed += one.failed;
        say(`${runs}/${wanted} mutations (${way}), ${failed} failed`);
      }
    }
  } catch (error) {
    finding = error instanceof Error ? error.message : String(error);
    say(finding);
  } finally {
    await office.close();
  }
  const seconds = Math.round((Date.now() - began_ms) / 1_000);
  const day = new Date(began_ms).toISOString().slice(0, 10);
  return { day, seed, runs, failed, seconds, finding };
}
