package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.audit.AuditEntry;
import dev.weir.pipeline.audit.AuditQueries;
import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.Conversation;
import dev.weir.pipeline.audit.ConversationQueries;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import dev.weir.pipeline.audit.Transcript;
import dev.weir.pipeline.store.Database;
import java.util.List;

/** {@code /management/conversations…}: audited chats, grouped. The database's threads do the reading. */
public final class ConversationEndpoints {
    private static final String PATH = "/management/conversations/";
    private static final int MAX_REQUESTS = 200;
    private static final long MAX_CHARS = 16L << 20;

    private final AuditQueries audit;
    private final ConversationQueries conversations;
    private final Database database;

    public ConversationEndpoints(AuditQueries audit, ConversationQueries conversations, Database database) {
        this.audit = audit;
        this.conversations = conversations;
        this.database = database;
    }

    /** {@code GET /management/conversations}: a page, those that went on last first. */
    public void list(Exchange exchange, Downstream downstream) throws GatewayException {
        ListParameters parameters = ListParameters.of(exchange.request().query(), List.of("key", "user", "model", "q"));
        int limit = parameters.limit();
        String key = parameters.text("key");
        DatabaseTask.answer(database, exchange, downstream, () -> {
            Search search = new Search(
                    "",
                    key.isEmpty() ? null : audit.keys(key),
                    parameters.text("user"),
                    parameters.text("model"),
                    parameters.text("q"));
            Page<Conversation> page = conversations.list(search, limit, parameters.cursor());
            ObjectNode answer = JsonNodeFactory.instance.objectNode();
            ArrayNode data = answer.putArray("data");
            page.rows().forEach(conversation -> data.add(json(conversation)));
            return LocalResponse.json(
                    200, answer.put("next_cursor", page.nextCursor()).toString());
        });
    }

    /** {@code GET /management/conversations/{id}}: one with what was said in it, if bodies are kept. */
    public void one(Exchange exchange, Downstream downstream) throws GatewayException {
        String id = ListParameters.decoded(exchange.request().path().substring(PATH.length()));
        String key =
                ListParameters.of(exchange.request().query(), List.of("key")).text("key");
        DatabaseTask.answer(database, exchange, downstream, () -> {
            Conversation conversation = conversations
                    .find(id, key.isEmpty() ? null : audit.keys(key))
                    .orElseThrow(() -> new GatewayException(
                            GatewayError.NOT_FOUND,
                            "no conversation '" + id + "': it is older than the retention, or never was"));
            List<AuditEntry> entries = conversations.entriesOf(conversation, MAX_REQUESTS, MAX_CHARS);
            ObjectNode answer = json(conversation);
            ArrayNode messages = answer.putArray("messages");
            for (Transcript.Message message : Transcript.of(entries)) {
                messages.addObject()
                        .put("role", message.role())
                        .put("content", message.content())
                        .put("time", AuditJson.time(message.timeMillis()))
                        .put("request_id", message.requestId());
            }
            ArrayNode requests = answer.putArray("request_ids");
            entries.forEach(entry -> requests.add(entry.requestId()));
            return LocalResponse.json(200, answer.toString());
        });
    }

    private static ObjectNode json(Conversation conversation) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", conversation.id().name())
                .put("key", AuditJson.text(conversation.id().keyId()))
                .put("user", AuditJson.text(conversation.user()))
                .put("model", AuditJson.text(conversation.model()))
                .put("title", AuditJson.text(conversation.title()))
                .put("requests", conversation.requests())
                .put("created_at", AuditJson.time(conversation.createdAtMillis()))
                .put("updated_at", AuditJson.time(conversation.updatedAtMillis()));
    }
}
