-- Plans that have to be approved, and approvals. An approval is kept for as long as it is good, so that it is used once.

CREATE TABLE asked (
    project     TEXT NOT NULL,
    environment TEXT NOT NULL,
    plan        TEXT NOT NULL,    -- its hash
    at_ms       INTEGER NOT NULL,
    form        INTEGER NOT NULL,
    asked       TEXT NOT NULL,    -- JSON
    PRIMARY KEY (project, environment, plan)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
    nonce       TEXT PRIMARY KEY,
    project     TEXT NOT NULL,
    environment TEXT NOT NULL,
    plan        TEXT NOT NULL,    -- its hash
    until_ms    INTEGER NOT NULL,
    form        INTEGER NOT NULL,
    approval    TEXT NOT NULL,    -- JSON
    used_by     TEXT              -- the deployment
) STRICT, WITHOUT ROWID;
