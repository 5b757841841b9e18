ALTER TABLE entries RENAME COLUMN signed TO author;
