-- 0 until the judge's `day` document of a kept day was compared with the newest ledgered one: a
-- day that is dropped and judged again is a new row, and so is looked at again.
ALTER TABLE day ADD COLUMN ledgered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX day_owed ON day (day_ms, site) WHERE ledgered = 0;

-- The newest `day` document of each local day, found in `document`; hash is of what it says, not
-- of when it was said.
CREATE TABLE day_leaf (
  site TEXT NOT NULL,
  day_ms INTEGER NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  hash BLOB NOT NULL,
  recv_ms INTEGER NOT NULL,
  PRIMARY KEY (site, day_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX day_leaf_place ON day_leaf (site, log, leaf);
