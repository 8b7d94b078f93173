-- Who asked what of whom, and what came of it. Times are milliseconds since 1970, durations microseconds; 0 or the empty
-- string stands for none. The partitions, one for each day in UTC, are made by whoever writes the first row of a day, and
-- dropped when they are out of time.
CREATE SEQUENCE audit_ids CACHE 100;

CREATE TABLE audit (
    time                 BIGINT NOT NULL,
    id                   BIGINT NOT NULL DEFAULT nextval('audit_ids'),
    request_id           TEXT   NOT NULL,
    key_id               TEXT   NOT NULL,
    key_name             TEXT   NOT NULL,
    user_name            TEXT   NOT NULL,
    client               TEXT   NOT NULL,
    method               TEXT   NOT NULL,
    route                TEXT   NOT NULL,
    path                 TEXT   NOT NULL,
    model                TEXT   NOT NULL,
    conversation         TEXT   NOT NULL,
    stream               BIGINT NOT NULL,
    served_model         TEXT   NOT NULL,
    backend              TEXT   NOT NULL,
    attempts             BIGINT NOT NULL,
    cache                TEXT   NOT NULL,
    status               BIGINT NOT NULL,
    outcome              TEXT   NOT NULL,
    error                TEXT   NOT NULL,
    error_message        TEXT   NOT NULL,
    total_micros         BIGINT NOT NULL,
    first_byte_micros    BIGINT NOT NULL,
    queue_micros         BIGINT NOT NULL,
    request_bytes        BIGINT NOT NULL,
    response_bytes       BIGINT NOT NULL,
    prompt_tokens        BIGINT NOT NULL,
    completion_tokens    BIGINT NOT NULL,
    tokens_estimated     BIGINT NOT NULL,
    request_cut          BIGINT NOT NULL,
    response_cut         BIGINT NOT NULL,
    request_body         TEXT,
    response_body        TEXT,
    PRIMARY KEY (time, id)
) PARTITION BY RANGE (time);

CREATE INDEX audit_request ON audit (request_id);
CREATE INDEX audit_key ON audit (key_id, time, id);
CREATE INDEX audit_model ON audit (model, time, id);
CREATE INDEX audit_failed ON audit (status, time, id) WHERE status >= 400;
CREATE INDEX audit_conversation ON audit (conversation, time, id) WHERE conversation <> '';

-- Chats, by what their senders call them. Two keys may use the same name for different ones.
CREATE TABLE conversations (
    id         TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    user_name  TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    requests   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (id, key_id)
);

CREATE INDEX conversations_updated ON conversations (updated_at, id, key_id);

-- How far each process has written its records: what it writes again, after a spill, is known by its number.
CREATE TABLE audit_writers (
    writer     TEXT   NOT NULL PRIMARY KEY,
    sequence   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
