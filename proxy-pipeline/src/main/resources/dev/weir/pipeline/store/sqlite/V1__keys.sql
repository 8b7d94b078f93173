-- Times are milliseconds since 1970; 0 stands for none, as it stands for no limit.

-- How often the keys were changed. Every change takes the next number under this row's lock, so that numbers are committed in
-- their order. The epoch tells one database from another, and from a restored older state of another.
CREATE TABLE key_version (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    epoch    TEXT   NOT NULL,
    version  BIGINT NOT NULL
);

INSERT INTO key_version (only_row, epoch, version)
VALUES (1, lower(hex(randomblob(16))), 0);

-- Revoked keys stay, for the names in reports.
CREATE TABLE api_keys (
    id                  TEXT   NOT NULL PRIMARY KEY,
    name                TEXT   NOT NULL,
    owner               TEXT   NOT NULL,
    team                TEXT   NOT NULL,
    prefix              TEXT   NOT NULL,
    scopes              TEXT   NOT NULL,
    models              TEXT   NOT NULL,
    requests_per_minute BIGINT NOT NULL,
    tokens_per_minute   BIGINT NOT NULL,
    parallel            BIGINT NOT NULL,
    tokens_per_day      BIGINT NOT NULL,
    tokens_per_month    BIGINT NOT NULL,
    blocked             BIGINT NOT NULL,
    metadata            TEXT   NOT NULL,
    created_at          BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    revoked_at          BIGINT NOT NULL,
    last_used_at        BIGINT NOT NULL,
    changed             BIGINT NOT NULL
);

CREATE INDEX api_keys_changed ON api_keys (changed);
CREATE INDEX api_keys_created ON api_keys (created_at, id);

-- What clients send, by its SHA-256. A key that was rotated has several; those that are good no more stay, so that every
-- instance learns of it.
CREATE TABLE key_secrets (
    digest      BLOB   NOT NULL PRIMARY KEY,
    key_id      TEXT   NOT NULL REFERENCES api_keys (id),
    valid_until BIGINT NOT NULL
);

CREATE INDEX key_secrets_key ON key_secrets (key_id);

-- Tokens used against budgets, by day (2026-11-21) and by month (2026-11), in UTC.
CREATE TABLE key_tokens (
    key_id TEXT   NOT NULL,
    period TEXT   NOT NULL,
    tokens BIGINT NOT NULL,
    PRIMARY KEY (key_id, period)
);
