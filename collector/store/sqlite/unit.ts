import { LanProofError } from '../../../shared/errors.ts';
import type { WriteUnit } from '../store.ts';
import type { Bodies } from './bodies.ts';
import type { Connection } from './connection.ts';
import { createEvidenceReads } from './evidence-reads.ts';
import { createEvidenceWrites } from './evidence-writes.ts';
import { createInventoryReads, createInventoryWrites } from './inventory.ts';
import { createJudgementReads, createJudgementWrites } from './judgement.ts';
import { createPeopleReads, createPeopleWrites } from './people.ts';

/** The one write unit of a connection; it is used again by each unit of work. */
export function createWriteUnit(connection: Connection, bodies: Bodies): WriteUnit {
  const sql = insideOnly(connection);
  return {
    ...createEvidenceReads(sql, bodies),
    ...createInventoryReads(sql),
    ...createPeopleReads(sql),
    ...createJudgementReads(sql),
    ...createEvidenceWrites(sql, bodies),
    ...createInventoryWrites(sql),
    ...createPeopleWrites(sql),
    ...createJudgementWrites(sql),
    async attempt(work) {
      sql.run('SAVEPOINT part');
      try {
        const value = await work();
        sql.run('RELEASE part');
        return value;
      } catch (error) {
        // A full disk ends the whole transaction by itself: then there is nothing to go back to.
        if (connection.inTransaction) {
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

/**
 * SQLite ends a transaction on its own when the disk is full or fails; what came after would be
 * committed statement by statement. So every statement of a unit asks first.
 */
function insideOnly(connection: Connection): Connection {
  const inside = (): void => {
    if (connection.inTransaction) return;
    throw new LanProofError('STORE_UNIT_ENDED', 'the unit of work has ended already', {
      hint: 'look at the error before this one; nothing of the unit was kept',
      fatal: false,
    });
  };
  return {
    ...connection,
    get: (text, ...values) => {
      inside();
      return connection.get(text, ...values);
    },
    all: (text, ...values) => {
      inside();
      return connection.all(text, ...values);
    },
    run: (text, ...values) => {
      inside();
      return connection.run(text, ...values);
    },
    get inTransaction() {
      return connection.inTransaction;
    },
  };
}
