-- The audit log. Each row is tied to the one before it by its hash; `audit_ends` holds the place before the first row that is kept and
-- the place of the last one. The triggers keep mistakes away; what gets past them shows in the hashes.

CREATE TABLE audit (
    seq      INTEGER PRIMARY KEY, -- from 1
    previous BLOB NOT NULL,
    hash     BLOB NOT NULL,       -- of `previous` and `entry`
    entry    TEXT NOT NULL        -- JSON
) STRICT;

CREATE TABLE audit_ends (
    end  TEXT PRIMARY KEY CHECK (end IN ('anchor', 'head')),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO audit_ends VALUES ('anchor', 0, zeroblob(32)), ('head', 0, zeroblob(32));

CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_loses_only_what_was_pruned BEFORE DELETE ON audit
WHEN old.seq > (SELECT seq FROM audit_ends WHERE end = 'anchor')
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
-- `INSERT OR REPLACE` would go past the other two.
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_ends WHERE end = 'head' AND seq = new.seq - 1 AND hash = new.previous)
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_head_follows AFTER INSERT ON audit
BEGIN UPDATE audit_ends SET seq = new.seq, hash = new.hash WHERE end = 'head'; END;

CREATE TRIGGER audit_ends_stay BEFORE DELETE ON audit_ends
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_ends_go_forward BEFORE UPDATE ON audit_ends
WHEN new.seq <= old.seq OR new.end <> old.end
BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;

-- The builds of the daemon that have served, the last one last.
CREATE TABLE served_by (
    seq     INTEGER PRIMARY KEY,
    build   TEXT NOT NULL,
    version TEXT NOT NULL
) STRICT;
