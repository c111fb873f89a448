-- History for charts. All of it can be made again from the ledger.
-- A UTC day of one agent of which nothing is still to come; reading the next day's batches begins
-- behind log and leaf.
CREATE TABLE series_kept (
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  day_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  PRIMARY KEY (site, agent, day_ms)
) STRICT, WITHOUT ROWID;

-- A device in such a day; a device of which nothing is known has no row.
CREATE TABLE series_day (
  site TEXT NOT NULL,
  device TEXT NOT NULL,
  day_ms INTEGER NOT NULL,
  agent TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site, device, day_ms, agent)
) STRICT;
