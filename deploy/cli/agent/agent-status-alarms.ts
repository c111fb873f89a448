import { listAlarms, readAlarm } from '../../../agent/deliver/alarms.ts';
import type { Trouble } from './agent-status-judge.ts';

/** Open contradictions as troubles, and the files that prove them. */
export function alarmsOf(state_dir: string): {
  readonly alarms: readonly string[];
  readonly found: readonly Trouble[];
} {
  const open = listAlarms(state_dir).filter(({ acknowledged }) => !acknowledged);
  const newest = open.map((alarm) => readAlarm(alarm)).sort((a, b) => b.at_ms - a.at_ms)[0];
  const alarms = open.map(({ file }) => file);
  if (newest === undefined) return { alarms, found: [] };
  const when = new Date(newest.at_ms).toISOString();
  const message = `the collector showed another history, last ${when}: ${newest.message}`;
  const files = alarms.slice(0, FILES_SHOWN).join(' ');
  const more = alarms.length > FILES_SHOWN ? ` and ${alarms.length - FILES_SHOWN} more` : '';
  const hint =
    `both signed checkpoints are in ${files}${more}: give them to the auditor; ` +
    'then end the alarm: lanproof agent status --acknowledge';
  return { alarms, found: [{ code: 'HISTORY_REWRITTEN', message, hint }] };
}

/** More of them say the same again. */
const FILES_SHOWN = 3;
