CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), decimals INTEGER NOT NULL) STRICT;

CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    balance INTEGER NOT NULL,
    CONSTRAINT covered CHECK (balance >= 0 OR name LIKE '@%')
) STRICT, WITHOUT ROWID;

CREATE TABLE menus (hash TEXT PRIMARY KEY, items TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE postings (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    menu TEXT REFERENCES menus (hash),
    posted_at INTEGER NOT NULL
) STRICT;

CREATE TABLE entries (
    posting INTEGER NOT NULL REFERENCES postings (sequence),
    account TEXT NOT NULL REFERENCES accounts (name),
    units INTEGER NOT NULL CHECK (units <> 0),
    item INTEGER,
    evaluation INTEGER,
    PRIMARY KEY (posting, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX entries_by_account ON entries (account, posting);
