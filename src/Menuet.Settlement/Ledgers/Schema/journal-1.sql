CREATE TABLE intents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL,
    sender TEXT NOT NULL,
    key TEXT NOT NULL,
    recipient TEXT,
    data TEXT NOT NULL,
    value TEXT NOT NULL,
    gas INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'final', 'reverted', 'replaced')),
    made_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX one_live_intent_a_key ON intents (chain, sender, key) WHERE state = 'live';

CREATE UNIQUE INDEX one_live_intent_a_nonce ON intents (chain, sender, nonce) WHERE state = 'live';

CREATE TABLE attempts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    intent INTEGER NOT NULL REFERENCES intents (number),
    hash TEXT,
    raw TEXT,
    max_fee TEXT NOT NULL,
    priority_fee TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX attempts_by_intent ON attempts (intent);
