-- Times are UTC epoch ms. site '' is "no site": what concerns a whole log.
CREATE TABLE log (
  log INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  opened_ms INTEGER NOT NULL,
  closed_ms INTEGER,
  closed_reason TEXT
) STRICT;

-- Leaf bytes are derived from the row; the tree's size is the number of rows.
CREATE TABLE leaf (
  log INTEGER NOT NULL REFERENCES log,
  idx INTEGER NOT NULL,
  kind TEXT NOT NULL,
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  recv_ms INTEGER NOT NULL,
  PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX leaf_site ON leaf (site, log, idx);

CREATE TABLE tile (
  log INTEGER NOT NULL REFERENCES log,
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (log, level, idx)
) STRICT;

CREATE TABLE checkpoint (
  log INTEGER NOT NULL REFERENCES log,
  size INTEGER NOT NULL,
  note TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
  site TEXT NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  kind TEXT NOT NULL,
  agent TEXT NOT NULL,
  hash BLOB NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (site, log, leaf),
  FOREIGN KEY (log, leaf) REFERENCES leaf
) STRICT;
CREATE INDEX document_hash ON document (site, hash);
CREATE INDEX document_kind ON document (site, kind, log, leaf);

-- Hash and receive time stand in the leaf. A section lies in bodies/<month>.<name>.
CREATE TABLE batch (
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  fault TEXT,
  sections TEXT NOT NULL,
  signature BLOB NOT NULL,
  header BLOB NOT NULL,
  PRIMARY KEY (site, agent, epoch, seq),
  FOREIGN KEY (log, leaf) REFERENCES leaf
) STRICT;

CREATE TABLE agent (
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  key BLOB NOT NULL UNIQUE,
  short_code TEXT NOT NULL,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL,
  revoked_ms INTEGER,
  quarantined_ms INTEGER,
  last_seen_ms INTEGER,
  closed_to_ms INTEGER,
  list_version INTEGER NOT NULL,
  seen_size INTEGER NOT NULL,
  seen_at_ms INTEGER,
  software TEXT NOT NULL,
  insecure INTEGER NOT NULL,
  enrolled_ms INTEGER NOT NULL,
  PRIMARY KEY (site, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE unit (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  parent TEXT,
  aliases TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
  site TEXT PRIMARY KEY,
  unit TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  inventory TEXT NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE targets (
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash BLOB NOT NULL,
  envelope TEXT NOT NULL,
  private TEXT NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  PRIMARY KEY (site, agent, version)
) STRICT;
CREATE INDEX targets_hash ON targets (site, hash);

CREATE TABLE salt (
  site TEXT NOT NULL,
  record TEXT NOT NULL,
  salt BLOB NOT NULL,
  PRIMARY KEY (site, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrol_token (
  id TEXT PRIMARY KEY,
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  approve INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  used_ms INTEGER,
  used_by_key BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
  token_id TEXT NOT NULL,
  key BLOB NOT NULL,
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  short_code TEXT NOT NULL,
  software TEXT NOT NULL,
  state TEXT NOT NULL,
  requested_ms INTEGER NOT NULL,
  decided_ms INTEGER,
  decided_by TEXT,
  PRIMARY KEY (token_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  label TEXT NOT NULL,
  role TEXT NOT NULL,
  unit TEXT,
  created_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_ms INTEGER,
  last_used_ms INTEGER,
  revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  site TEXT,
  detail TEXT NOT NULL
) STRICT;

-- From here on: judgement. All of it can be recomputed from what stands above.
CREATE TABLE judge_state (
  site TEXT PRIMARY KEY,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  version INTEGER NOT NULL,
  saved_ms INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;

CREATE TABLE judge_progress (
  site TEXT PRIMARY KEY,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE judge_fault (
  site TEXT NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (site, log, leaf)
) STRICT, WITHOUT ROWID;

CREATE TABLE interval (
  site TEXT NOT NULL,
  device TEXT NOT NULL,
  agent TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  state TEXT NOT NULL,
  reason TEXT,
  earliest_ms INTEGER,
  PRIMARY KEY (site, device, agent, from_ms)
) STRICT, WITHOUT ROWID;

-- When a device was expected, and on which slot grid.
CREATE TABLE expected (
  site TEXT NOT NULL,
  device TEXT NOT NULL,
  agent TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  interval_ms INTEGER,
  PRIMARY KEY (site, device, agent, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE chunk (
  site TEXT NOT NULL,
  agent TEXT NOT NULL,
  hour_ms INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (site, agent, hour_ms)
) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE lease (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
