CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    message TEXT NOT NULL
);
