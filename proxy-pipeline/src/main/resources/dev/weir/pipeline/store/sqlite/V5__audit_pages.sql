-- Records are kept hundreds to a page: a row and six places in indexes for each cost the processor three times as much. What a page
-- holds stands beside it, so that few of them need be read: times, the greatest status, and the names in it as a Bloom filter (none:
-- every name may occur). A page's id is the number of its first record.
CREATE TABLE audit_pages (
    id         INTEGER PRIMARY KEY,
    records    BIGINT NOT NULL,
    first_time BIGINT NOT NULL,
    last_time  BIGINT NOT NULL,
    max_status BIGINT NOT NULL,
    terms      BLOB
);

CREATE INDEX audit_pages_time ON audit_pages (last_time);
CREATE INDEX audit_pages_unnamed ON audit_pages (id) WHERE terms IS NULL;

-- The records of a page: an array of arrays in JSON.
CREATE TABLE audit_rows (
    page INTEGER PRIMARY KEY,
    rows TEXT NOT NULL
);

-- No foreign key: those are off for whoever opens the file with a tool.
CREATE TRIGGER audit_pages_removed AFTER DELETE ON audit_pages
BEGIN
    DELETE FROM audit_rows WHERE page = OLD.id;
END;

-- What is there: half a megabyte to a page.
CREATE TABLE audit_paging AS SELECT min(id) AS first, max(id) AS last FROM (SELECT id, sum(
    600 + coalesce(length(request_body), 0) + coalesce(length(response_body), 0)) OVER (ORDER BY id) / 500000 AS page FROM audit)
GROUP BY page;

INSERT INTO audit_pages (id, records, first_time, last_time, max_status)
SELECT first, count(*), min(time), max(time), max(status)
FROM audit_paging CROSS JOIN audit ON audit.id BETWEEN first AND last GROUP BY first;

-- Page by page, so that no more of it than that is in memory.
INSERT INTO audit_rows (page, rows)
SELECT first, (SELECT json_group_array(json_array(
    time, request_id, key_id, key_name, user_name, client, method, route, path, model, conversation, stream, served_model, backend,
    attempts, cache, status, outcome, error, error_message, total_micros, first_byte_micros, queue_micros, request_bytes,
    response_bytes, prompt_tokens, completion_tokens, tokens_estimated, request_cut, response_cut, title, request_body,
    response_body)) FROM (SELECT * FROM audit WHERE id BETWEEN first AND last ORDER BY id))
FROM audit_paging;

DROP TABLE audit_paging;
DROP TABLE audit;

-- What was a table is to be read as before by whoever opens the file.
CREATE VIEW audit AS SELECT
    page,
    page + key        AS id,
    value ->> 0       AS time,
    value ->> 1       AS request_id,
    value ->> 2       AS key_id,
    value ->> 3       AS key_name,
    value ->> 4       AS user_name,
    value ->> 5       AS client,
    value ->> 6       AS method,
    value ->> 7       AS route,
    value ->> 8       AS path,
    value ->> 9       AS model,
    value ->> 10      AS conversation,
    value ->> 11      AS stream,
    value ->> 12      AS served_model,
    value ->> 13      AS backend,
    value ->> 14      AS attempts,
    value ->> 15      AS cache,
    value ->> 16      AS status,
    value ->> 17      AS outcome,
    value ->> 18      AS error,
    value ->> 19      AS error_message,
    value ->> 20      AS total_micros,
    value ->> 21      AS first_byte_micros,
    value ->> 22      AS queue_micros,
    value ->> 23      AS request_bytes,
    value ->> 24      AS response_bytes,
    value ->> 25      AS prompt_tokens,
    value ->> 26      AS completion_tokens,
    value ->> 27      AS tokens_estimated,
    value ->> 28      AS request_cut,
    value ->> 29      AS response_cut,
    value ->> 30      AS title,
    value ->> 31      AS request_body,
    value ->> 32      AS response_body
FROM audit_rows, json_each(rows);
