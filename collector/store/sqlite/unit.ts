import { LanProofError } from '../../../shared/errors.ts';
import type { WriteUnit } from '../store.ts';
import { type Archive, archivedWrites, createArchive } from './archive.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { createDayLeafReads, createDayLeafWrites } from './day-leaves.ts';
import { createEvidenceReads } from './evidence-reads.ts';
import { createEvidenceWrites } from './evidence-writes.ts';
import { createInventoryReads, createInventoryWrites } from './inventory.ts';
import { createJudgementReads, createJudgementWrites } from './judgement.ts';
import { createPeopleReads, createPeopleWrites } from './people.ts';
import { createSeriesReads, createSeriesWrites } from './series.ts';

/** Runs `work` in a transaction: what it wrote is committed, or nothing of it. */
export type RunUnit = <T>(
  mode: 'BEGIN' | 'BEGIN IMMEDIATE',
  work: (unit: WriteUnit) => Promise<T>,
) => Promise<T>;

/** The one unit of work of a connection, used again by each `work`; never by two at a time. */
export function createUnits(connection: Connection, bodies: Bodies): RunUnit {
  const sql = insideOnly(connection);
  const archive = createArchive(sql);
  const unit = writeUnit(sql, bodies, archive);
  return async (mode, work) => {
    sql.begin(mode);
    try {
      const value = await work(unit);
      // Bodies first: a row never names bytes that a loss of power could take away.
      await bodies.flush();
      sql.commit();
      return value;
    } catch (error) {
      bodies.forget();
      archive.forget();
      sql.rollback();
      throw error;
    }
  };
}

function writeUnit(sql: Connection, bodies: Bodies, archive: Archive): WriteUnit {
  const evidence = createEvidenceWrites(sql, bodies);
  return {
    ...createEvidenceReads(sql, bodies),
    ...createInventoryReads(sql),
    ...createPeopleReads(sql),
    ...createJudgementReads(sql),
    ...createDayLeafReads(sql),
    ...createSeriesReads(sql),
    ...evidence,
    async addDocument(row) {
      if (row.kind === 'prune') archive.forget();
      await evidence.addDocument(row);
    },
    ...createInventoryWrites(sql),
    ...createPeopleWrites(sql),
    ...archivedWrites(sql, archive, createJudgementWrites(sql)),
    ...createDayLeafWrites(sql),
    ...createSeriesWrites(sql),
    async attempt(work) {
      sql.run('SAVEPOINT part');
      try {
        const value = await work();
        sql.run('RELEASE part');
        return value;
      } catch (error) {
        // A full disk ends the whole transaction by itself: then there is nothing to go back to.
        if (sql.inTransaction) {
          sql.run('ROLLBACK TO part');
          sql.run('RELEASE part');
        }
        throw error;
      }
    },
    async takeLease(name, holder, now_ms, until_ms) {
      const { changes } = sql.run(
        'INSERT INTO lease (name, holder, until_ms) VALUES (?, ?, ?)' +
          ' ON CONFLICT DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms' +
          ' WHERE lease.holder = excluded.holder OR lease.until_ms <= ?',
        name,
        holder,
        until_ms,
        now_ms,
      );
      return changes === 1;
    },
    async releaseLease(name, holder) {
      sql.run('DELETE FROM lease WHERE name = ? AND holder = ?', name, holder);
    },
  };
}

/** The connection as a unit of work sees it: between `begin` and `end` only. */
interface UnitConnection extends Connection {
  begin(mode: 'BEGIN' | 'BEGIN IMMEDIATE'): void;
  commit(): void;
  /** Takes everything back, where SQLite has not done so itself. */
  rollback(): void;
}

/**
 * SQLite ends a transaction on its own when the disk is full or fails; what came after would be
 * committed statement by statement. It does so only where a statement fails, so then it is asked
 * (asking before each one took 15 µs a batch), and the statements that follow are refused.
 */
function insideOnly(connection: Connection): UnitConnection {
  let open = false;
  const inside = <T>(statement: () => T): T => {
    if (!open) throw unitEnded();
    try {
      return statement();
    } catch (error) {
      open = connection.inTransaction;
      throw error;
    }
  };
  return {
    ...connection,
    begin(mode) {
      connection.exec(mode);
      open = true;
    },
    commit() {
      inside(() => connection.exec('COMMIT'));
      open = false;
    },
    rollback() {
      open = false;
      if (connection.inTransaction) connection.exec('ROLLBACK');
    },
    get: (text, ...values) => inside(() => connection.get(text, ...values)),
    all: (text, ...values) => inside(() => connection.all(text, ...values)),
    run: (text, ...values) => inside(() => connection.run(text, ...values)),
    get inTransaction() {
      return connection.inTransaction;
    },
  };
}

function unitEnded(): LanProofError {
  return new LanProofError('STORE_UNIT_ENDED', 'the unit of work has ended already', {
    hint: 'look at the error before this one; nothing of the unit was kept',
    fatal: false,
  });
}
