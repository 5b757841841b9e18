ALTER TABLE entries DROP COLUMN author;
