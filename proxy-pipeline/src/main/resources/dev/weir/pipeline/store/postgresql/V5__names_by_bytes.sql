-- Lists of conversations are merged outside of the database: names are compared byte by byte there and here, whatever the
-- database's own order of letters is.
DROP INDEX conversations_updated;
CREATE INDEX conversations_updated ON conversations (updated_at, id COLLATE "C", key_id COLLATE "C");

DROP INDEX audit_alone;
CREATE INDEX audit_alone ON audit (time, request_id COLLATE "C", key_id COLLATE "C") WHERE title IS NOT NULL;
