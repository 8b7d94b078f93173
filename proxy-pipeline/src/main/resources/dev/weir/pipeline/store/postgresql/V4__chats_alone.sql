-- A chat whose sender says nothing of a conversation is one by itself: its record says so by having a title, which may be
-- empty, instead of a row among the conversations and a name in an index.
ALTER TABLE audit ADD COLUMN title TEXT;

UPDATE audit SET conversation = '', title = COALESCE(
    (SELECT c.title FROM conversations c WHERE c.id = audit.request_id AND c.key_id = audit.key_id), '')
WHERE conversation = request_id;

DELETE FROM conversations WHERE EXISTS (
    SELECT 1 FROM audit a WHERE a.request_id = conversations.id AND a.key_id = conversations.key_id AND a.title IS NOT NULL);

CREATE INDEX audit_alone ON audit (time, request_id, key_id) WHERE title IS NOT NULL;
