package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Result;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditEntry.Service;
import dev.weir.pipeline.audit.AuditEntry.Timing;
import dev.weir.pipeline.audit.AuditEntry.Traffic;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record as the values that are stored of it: texts, whole numbers, bodies as bytes in UTF-8, or null for a title or a body
 * that is not kept.
 */
final class AuditColumns {
    /** In the order of {@link #values}. Pages on disk hang on it: what is new comes last. */
    static final List<String> ALL = List.of(
            "time",
            "request_id",
            "key_id",
            "key_name",
            "user_name",
            "client",
            "method",
            "route",
            "path",
            "model",
            "conversation",
            "stream",
            "served_model",
            "backend",
            "attempts",
            "cache",
            "status",
            "outcome",
            "error",
            "error_message",
            "total_micros",
            "first_byte_micros",
            "queue_micros",
            "request_bytes",
            "response_bytes",
            "prompt_tokens",
            "completion_tokens",
            "tokens_estimated",
            "request_cut",
            "response_cut",
            "title",
            "request_body",
            "response_body");

    private AuditColumns() {}

    /** Where the values of one record are read, in any order. */
    interface Values<E extends Exception> {
        @Nullable
        String text(String column) throws E;

        long number(String column) throws E;
    }

    /** A chat that stands alone has a title, which may be empty, and no conversation: its request's id is its name. */
    static @Nullable Object[] values(AuditRow row) {
        AuditEntry entry = row.entry();
        Body request = entry.request();
        Body response = entry.response();
        return new @Nullable Object[] {
            entry.timeMillis(),
            entry.requestId(),
            entry.sender().keyId(),
            entry.sender().keyName(),
            entry.sender().user(),
            entry.sender().client(),
            entry.call().method(),
            entry.call().route(),
            entry.call().path(),
            entry.call().model(),
            row.alone() ? "" : entry.call().conversation(),
            flag(entry.call().stream()),
            entry.service().model(),
            entry.service().backend(),
            (long) entry.service().attempts(),
            entry.service().cache(),
            (long) entry.result().status(),
            entry.result().outcome(),
            entry.result().error(),
            entry.result().errorMessage(),
            entry.timing().totalMicros(),
            entry.timing().firstByteMicros(),
            entry.timing().queueMicros(),
            entry.traffic().requestBytes(),
            entry.traffic().responseBytes(),
            entry.traffic().promptTokens(),
            entry.traffic().completionTokens(),
            flag(entry.traffic().estimated()),
            flag(request != null && request.cut()),
            flag(response != null && response.cut()),
            row.alone() ? row.title() : null,
            request == null ? null : request.utf8(),
            response == null ? null : response.utf8()
        };
    }

    private static long flag(boolean set) {
        return set ? 1 : 0;
    }

    /** The record with these values, and {@code number} for its place. */
    static <E extends Exception> AuditRow row(long number, Values<E> values) throws E {
        String title = values.text("title");
        AuditEntry entry = new AuditEntry(
                values.number("time"),
                text(values, "request_id"),
                new Sender(
                        text(values, "key_id"),
                        text(values, "key_name"),
                        text(values, "user_name"),
                        text(values, "client")),
                new Call(
                        text(values, "method"),
                        text(values, "route"),
                        text(values, "path"),
                        text(values, "model"),
                        text(values, title == null ? "conversation" : "request_id"),
                        values.number("stream") != 0),
                new Service(
                        text(values, "served_model"),
                        text(values, "backend"),
                        (int) values.number("attempts"),
                        text(values, "cache")),
                new Result(
                        (int) values.number("status"),
                        text(values, "outcome"),
                        text(values, "error"),
                        text(values, "error_message")),
                new Timing(
                        values.number("total_micros"),
                        values.number("first_byte_micros"),
                        values.number("queue_micros")),
                new Traffic(
                        values.number("request_bytes"),
                        values.number("response_bytes"),
                        values.number("prompt_tokens"),
                        values.number("completion_tokens"),
                        values.number("tokens_estimated") != 0),
                body(values.text("request_body"), values.number("request_cut")),
                body(values.text("response_body"), values.number("response_cut")));
        return new AuditRow(number, entry, title == null ? "" : title, title != null);
    }

    private static <E extends Exception> String text(Values<E> values, String column) throws E {
        String text = values.text(column);
        return text == null ? "" : text;
    }

    private static @Nullable Body body(@Nullable String text, long cut) {
        return text == null ? null : new Body(text, cut != 0);
    }
}
