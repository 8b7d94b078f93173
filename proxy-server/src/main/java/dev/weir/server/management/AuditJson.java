package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.pipeline.audit.AuditEntry;
import dev.weir.pipeline.audit.AuditEntry.Body;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Audit records as JSON. What there is nothing of is null. */
final class AuditJson {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private AuditJson() {}

    static ObjectNode of(AuditEntry entry) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("request_id", entry.requestId())
                .put("time", time(entry.timeMillis()))
                .put("key", text(entry.sender().keyId()))
                .put("key_name", text(entry.sender().keyName()))
                .put("user", text(entry.sender().user()))
                .put("client", entry.sender().client())
                .put("method", entry.call().method())
                .put("route", entry.call().route())
                .put("path", entry.call().path())
                .put("model", text(entry.call().model()))
                .put("served_model", text(entry.service().model()))
                .put("backend", text(entry.service().backend()))
                .put("attempts", entry.service().attempts())
                .put("cache", text(entry.service().cache()))
                .put("stream", entry.call().stream())
                .put("conversation_id", text(entry.call().conversation()))
                .put("status", entry.result().status())
                .put("outcome", entry.result().outcome())
                .put("error", text(entry.result().error()))
                .put("error_message", text(entry.result().errorMessage()))
                .put("total_ms", millis(entry.timing().totalMicros()))
                .put("first_byte_ms", millis(entry.timing().firstByteMicros()))
                .put("queue_ms", millis(entry.timing().queueMicros()))
                .put("tokens", entry.traffic().promptTokens() + entry.traffic().completionTokens())
                .put("prompt_tokens", entry.traffic().promptTokens())
                .put("completion_tokens", entry.traffic().completionTokens())
                .put("tokens_estimated", entry.traffic().estimated())
                .put("request_bytes", entry.traffic().requestBytes())
                .put("response_bytes", entry.traffic().responseBytes());
    }

    static ObjectNode withBodies(AuditEntry entry) {
        ObjectNode json = of(entry);
        body(json, "request", entry.request());
        body(json, "response", entry.response());
        return json;
    }

    private static void body(ObjectNode json, String name, @Nullable Body body) {
        json.put(name + "_body", body == null ? null : body.text());
        json.put(name + "_body_truncated", body != null && body.cut());
    }

    static String time(long millis) {
        return TIME.format(Instant.ofEpochMilli(millis));
    }

    static @Nullable String text(String text) {
        return text.isEmpty() ? null : text;
    }

    private static double millis(long micros) {
        return micros / 1000.0;
    }
}
