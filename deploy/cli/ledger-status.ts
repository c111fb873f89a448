import { membersOf } from '../../collector/ledger/verify/chains.ts';
import { readKeptResult } from '../../collector/ledger/verify/kept-result.ts';
import type { AgentRow } from '../../collector/store/rows.ts';
import { openSnapshots } from '../../collector/store/sqlite/snapshot.ts';
import type { ReadUnit } from '../../collector/store/store.ts';
import { type Command, EXIT_OK, type Io, readArguments } from './command.ts';
import { counted } from './counted.ts';
import { DATA_OPTIONS, dataDir } from './data-dir.ts';

const MINUTE_MS = 60_000;

export const ledgerStatusCommand: Command = {
  summary: 'logs, heads, agents, anchors and the newest look at all of it',
  usage: `lanproof ledger status [--data DIR | --config FILE]
  What the ledger holds. Changes nothing and may run beside the collector.

  --data DIR        the collector's data directory
  --config FILE     or its configuration; without both: ./data`,
  async run(args, io) {
    const data_dir = dataDir(readArguments(args, DATA_OPTIONS));
    const snapshots = openSnapshots(data_dir);
    try {
      const now_ms = Date.now();
      await snapshots.at((reads) => tellStatus(reads, io, now_ms));
      tellVerified(data_dir, io, now_ms);
    } finally {
      await snapshots.close();
    }
    return EXIT_OK;
  },
};

async function tellStatus(reads: ReadUnit, io: Io, now_ms: number): Promise<void> {
  for (const { log, origin, size, opened_ms, closed_reason } of await reads.logs()) {
    const saved = await reads.newestCheckpoint(log);
    const [, , root = ''] = saved?.note.split('\n') ?? [];
    const state = closed_reason === null ? 'open' : `closed: ${closed_reason}`;
    const leaves = counted(size, 'leaf', 'leaves');
    io.out(`log ${log} ${origin}: ${leaves}, since ${time(opened_ms)}, ${state}`);
    if (saved !== null) {
      io.out(`  newest saved checkpoint ${age(saved.at_ms, now_ms)}: ${saved.size} ${root}`);
    }
  }
  const agents = await reads.agents();
  io.out(counted(agents.length, 'agent'));
  for (const agent of agents) io.out(`  ${agentText(agent, now_ms)}`);
  const anchor = (await reads.documents(null, 'anchor')).at(-1);
  if (anchor === undefined) {
    io.out('no anchor: nobody outside has confirmed a checkpoint');
  } else {
    const { by, size, log } = membersOf(anchor);
    const what = `${String(log)} at ${String(size)} by ${String(by)}`;
    io.out(`newest anchor ${age(anchor.recv_ms, now_ms)}: ${what}`);
  }
  const prunes = await reads.documents(null, 'prune');
  const months = new Map<string, string>();
  for (const row of prunes) {
    const { section, months: gone } = membersOf(row);
    if (Array.isArray(gone)) months.set(String(section), String(gone.at(-1)));
  }
  const pruned = [...months].map(([section, month]) => `${section} up to ${month}`);
  io.out(`deleted by the retention: ${pruned.length === 0 ? 'nothing' : pruned.join(', ')}`);
}

function agentText(agent: AgentRow, now_ms: number): string {
  const { site, agent: code, epoch, seq, last_seen_ms, revoked_ms, quarantined_ms } = agent;
  const seen = last_seen_ms === null ? 'never seen' : age(last_seen_ms, now_ms);
  const word =
    revoked_ms !== null ? ', revoked' : quarantined_ms !== null ? ', contradicts itself' : '';
  return `${site}/${code}: epoch ${epoch}, batch ${seq}, ${seen}${word}`;
}

function tellVerified(data_dir: string, io: Io, now_ms: number): void {
  const kept = readKeptResult(data_dir);
  if (kept === null) {
    io.out('not yet verified by night: lanproof ledger verify does it now');
    return;
  }
  const { complete_ms, looked_ms, next, faults } = kept;
  const whole = complete_ms === null ? 'not yet to the end' : `whole ${age(complete_ms, now_ms)}`;
  const found = faults === 0 ? 'no difference' : counted(faults, 'difference');
  const at = next === null ? '' : `, goes on at log ${next.log} leaf ${next.leaf + 1}`;
  io.out(`verified ${age(looked_ms, now_ms)}, ${whole}: ${found}${at}`);
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

/** `5 minutes ago`. */
function age(at_ms: number, now_ms: number): string {
  const minutes = Math.max(0, Math.floor((now_ms - at_ms) / MINUTE_MS));
  if (minutes < 120) return `${counted(minutes, 'minute')} ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}
