import { ordinal } from '../../shared/judge/replay/inputs.ts';
import type { Position } from '../store/rows.ts';
import type { ReadUnit, Store, WriteUnit } from '../store/store.ts';
import type { DayLeafReads } from '../store/store-day-leaves.ts';
import type { EvidenceReads } from '../store/store-evidence.ts';
import type { InventoryReads } from '../store/store-inventory.ts';
import type { PeopleReads } from '../store/store-people.ts';
import type { SeriesReads } from '../store/store-series.ts';

/** All that judgement is made of; none of it is judgement. */
type Ledgered = EvidenceReads &
  InventoryReads &
  PeopleReads &
  Pick<SeriesReads, 'leafBefore'> &
  Pick<DayLeafReads, 'dayDocumentsAfter'>;

/**
 * A store that reads the ledger of `real` up to the place that `until` tells (null: before the
 * first leaf), and keeps judgement in `scratch`. What a work writes beside judgement lands in
 * the scratch, too, and is read by nobody.
 */
export function overlayStore(real: ReadUnit, scratch: Store, until: () => Position | null): Store {
  const ledger = ledgered(real, until);
  return {
    ...scratch,
    ...ledger,
    read: (work) => scratch.read((unit) => work({ ...unit, ...ledger })),
    write: (work) =>
      scratch.write((unit) => {
        const over: WriteUnit = { ...unit, ...ledger };
        return work(over);
      }),
  };
}

function ledgered(real: ReadUnit, until: () => Position | null): Ledgered {
  const { logs, leaf, leaves, tile, newestCheckpoint, documentByHash, documents } = real;
  const {
    checkpoints,
    documentByLeaf,
    documentsOf,
    batch,
    batchByLeaf,
    judgeableSites,
    readBody,
    siteLeafCount,
  } = real;
  const { agent, agents, agentByKey, leafBefore, dayDocumentsAfter } = real;
  const { unit, units, site, sites, targets, targetsVersion, targetsByHash, salt } = real;
  const { enrolToken, enrolment, enrolments, credentialByHash, credentials } = real;
  const { audit, auditOf, receivedFrom } = real;
  const reached = (position: Position): boolean => {
    const last = until();
    return last !== null && ordinal(position) <= ordinal(last);
  };
  return {
    ...{ logs, leaf, leaves, tile, newestCheckpoint, documentByHash, documents, documentsOf },
    ...{ batch, batchByLeaf, judgeableSites, readBody, agent, agents, agentByKey, leafBefore },
    ...{ dayDocumentsAfter, siteLeafCount, checkpoints, documentByLeaf, receivedFrom },
    ...{ unit, units, site, sites, targets, targetsVersion, targetsByHash, salt },
    ...{ enrolToken, enrolment, enrolments, credentialByHash, credentials, audit, auditOf },
    async siteLeaves(of, after, limit, held) {
      const found = await real.siteLeaves(of, after, limit, held);
      return found.filter((one) => reached({ log: one.leaf.log, leaf: one.leaf.index }));
    },
    async newestSiteLeaf(of) {
      const newest = await real.newestSiteLeaf(of);
      return newest === null || reached(newest) ? newest : until();
    },
  };
}
