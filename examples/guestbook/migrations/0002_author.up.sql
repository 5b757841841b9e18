-- Older versions of the service go on: they name their columns, and this one has a default.
ALTER TABLE entries ADD COLUMN author TEXT NOT NULL DEFAULT 'somebody';
