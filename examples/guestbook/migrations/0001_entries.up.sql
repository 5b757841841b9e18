-- SQLite and PostgreSQL mean the same by this; how rows get a number is where they differ.
CREATE TABLE entries (
    message TEXT NOT NULL,
    written_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
