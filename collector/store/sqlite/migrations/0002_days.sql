-- What agents saw beside the slots; key is unique in the site, body is JSON.
CREATE TABLE seen (
  site TEXT NOT NULL,
  key TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_time ON seen (site, to_ms);

-- One complete, judged local day. The wide columns are deflated JSON; log and leaf say how far the
-- ledger had been folded; later_word is 1 where the sums carry what later days said of this one.
CREATE TABLE day (
  site TEXT NOT NULL,
  day_ms INTEGER NOT NULL,
  end_ms INTEGER NOT NULL,
  log INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  rules INTEGER NOT NULL,
  later_word INTEGER NOT NULL,
  sums_all TEXT NOT NULL,
  sums_working TEXT NOT NULL,
  intervals BLOB NOT NULL,
  incidents BLOB NOT NULL,
  findings BLOB NOT NULL,
  carry BLOB NOT NULL,
  PRIMARY KEY (site, day_ms)
) STRICT;
