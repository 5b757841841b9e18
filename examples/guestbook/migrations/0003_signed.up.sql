-- Dangerous on purpose: while this runs, the version before still serves, and it writes to the column that goes.
-- `plimsoll plan` says so. The safe way is to add the new column now, and to drop the old one a version later.
ALTER TABLE entries RENAME COLUMN author TO signed;
