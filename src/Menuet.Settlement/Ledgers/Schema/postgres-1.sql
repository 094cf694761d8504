CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), decimals INTEGER NOT NULL);

CREATE TABLE accounts (
    name TEXT COLLATE "C" PRIMARY KEY,
    balance BIGINT NOT NULL,
    CONSTRAINT covered CHECK (balance >= 0 OR name LIKE '@%')
);

CREATE TABLE menus (hash TEXT PRIMARY KEY, items TEXT NOT NULL);

CREATE TABLE postings (
    sequence BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    menu TEXT REFERENCES menus (hash),
    posted_at BIGINT NOT NULL
);

CREATE TABLE entries (
    posting BIGINT NOT NULL REFERENCES postings (sequence),
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (name),
    units BIGINT NOT NULL CHECK (units <> 0),
    item INTEGER,
    evaluation BIGINT,
    PRIMARY KEY (posting, account)
);

CREATE INDEX entries_by_account ON entries (account, posting);
