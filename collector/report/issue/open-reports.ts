import { setImmediate as afterIo } from 'node:timers/promises';
import type { CollectorDeps } from '../../deps.ts';
import { openReports, type Reports } from './reports.ts';
import { REPORTS_BYTES_MAX, REPORTS_MAX } from './shelf.ts';
import { readVerifierFiles } from './verifier-files.ts';

/** The reports of a collector, with the limits and the verifier of this program. */
export async function openReportsOf(deps: CollectorDeps): Promise<Reports> {
  return await openReports({
    ...deps,
    folder: deps.reports_folder,
    limits: { reports_max: REPORTS_MAX, bytes_max: REPORTS_BYTES_MAX },
    verifier: await readVerifierFiles(),
    breathe: async () => await afterIo(),
  });
}
