-- Times are milliseconds since 1970; 0 stands for none. Days are in UTC, as 2026-11-21.

-- What was used: by whom, of which model, on which backend. Empty stands for a sender, a model or a backend that is not known.
CREATE TABLE usage_daily (
    day               TEXT             NOT NULL,
    key_id            TEXT             NOT NULL,
    model             TEXT             NOT NULL,
    backend           TEXT             NOT NULL,
    key_name          TEXT             NOT NULL,
    requests          BIGINT           NOT NULL,
    prompt_tokens     BIGINT           NOT NULL,
    completion_tokens BIGINT           NOT NULL,
    cached_tokens     BIGINT           NOT NULL,
    estimated         BIGINT           NOT NULL,
    errors            BIGINT           NOT NULL,
    aborted           BIGINT           NOT NULL,
    cache_hits        BIGINT           NOT NULL,
    cost              DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (day, key_id, model, backend)
);

-- The number of the last batch that each process has added: one whose commit was not confirmed is not added twice.
CREATE TABLE usage_flushes (
    instance   TEXT   NOT NULL PRIMARY KEY,
    sequence   BIGINT NOT NULL,
    flushed_at BIGINT NOT NULL
);

-- The models of the configuration, and those found on backends.
CREATE TABLE models (
    name           TEXT   NOT NULL PRIMARY KEY,
    source         TEXT   NOT NULL,
    description    TEXT   NOT NULL,
    family         TEXT   NOT NULL,
    parameter_size TEXT   NOT NULL,
    quantization   TEXT   NOT NULL,
    size_bytes     BIGINT NOT NULL,
    backends       TEXT   NOT NULL,
    status         TEXT   NOT NULL,
    last_seen_at   BIGINT NOT NULL
);

-- What each model did, ever since it was first asked for. The times are those of answered requests, added up.
CREATE TABLE model_statistics (
    model             TEXT   NOT NULL PRIMARY KEY,
    requests          BIGINT NOT NULL,
    errors            BIGINT NOT NULL,
    prompt_tokens     BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    answered          BIGINT NOT NULL,
    total_millis      BIGINT NOT NULL,
    first_byte_millis BIGINT NOT NULL,
    last_used_at      BIGINT NOT NULL
);
