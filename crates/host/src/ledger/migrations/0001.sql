-- JSON columns hold the forms of the crate `model`; `form` is the version of what is in the JSON of its row.

CREATE TABLE environments (
    id          INTEGER PRIMARY KEY,
    project     TEXT NOT NULL,
    environment TEXT NOT NULL,
    secret_key  BLOB,
    UNIQUE (project, environment)
) STRICT;

CREATE TABLE deployments (
    id          TEXT PRIMARY KEY,
    environment INTEGER NOT NULL REFERENCES environments (id),
    host        TEXT NOT NULL,
    lease_until INTEGER NOT NULL, -- milliseconds since 1970
    outcome     TEXT,             -- absent while it is not closed
    form        INTEGER NOT NULL,
    record      TEXT NOT NULL,
    plan        TEXT NOT NULL     -- carries its own version
) STRICT;

CREATE INDEX deployments_by_environment ON deployments (environment, id);
CREATE UNIQUE INDEX one_open_deployment ON deployments (environment) WHERE outcome IS NULL;

CREATE TABLE journal (
    deployment TEXT NOT NULL REFERENCES deployments (id),
    seq        INTEGER NOT NULL,  -- from 0
    at_ms      INTEGER NOT NULL,
    event      TEXT NOT NULL,
    PRIMARY KEY (deployment, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER journal_keeps_records BEFORE UPDATE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_loses_nothing BEFORE DELETE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
-- `INSERT OR REPLACE` would go past the other two.
CREATE TRIGGER journal_grows_at_its_end BEFORE INSERT ON journal
WHEN new.seq <> (SELECT count(*) FROM journal WHERE deployment = new.deployment)
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;

CREATE TABLE components (
    environment INTEGER NOT NULL REFERENCES environments (id),
    component   TEXT NOT NULL,
    next_slot   INTEGER NOT NULL DEFAULT 0,
    served      TEXT,
    since       INTEGER,          -- milliseconds since 1970
    PRIMARY KEY (environment, component)
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
    environment INTEGER NOT NULL,
    slot        TEXT NOT NULL,
    component   TEXT NOT NULL,
    number      INTEGER NOT NULL,
    form        INTEGER NOT NULL,
    row         TEXT NOT NULL,
    PRIMARY KEY (environment, slot),
    FOREIGN KEY (environment, component) REFERENCES components (environment, component)
) STRICT, WITHOUT ROWID;

CREATE TABLE staged (
    environment INTEGER NOT NULL,
    component   TEXT NOT NULL,
    release     TEXT NOT NULL,
    used        INTEGER NOT NULL, -- the higher, the later it was used
    PRIMARY KEY (environment, component, release),
    FOREIGN KEY (environment, component) REFERENCES components (environment, component)
) STRICT, WITHOUT ROWID;
