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
    /** In the order of {@link #write}. Pages on disk hang on it: what is new comes last. */
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
    static void write(RowBuffer to, AuditRow row) {
        AuditEntry entry = row.entry();
        Body request = entry.request();
        Body response = entry.response();
        to.number(entry.timeMillis());
        to.text(entry.requestId());
        to.text(entry.sender().keyId());
        to.text(entry.sender().keyName());
        to.text(entry.sender().user());
        to.text(entry.sender().client());
        to.text(entry.call().method());
        to.text(entry.call().route());
        to.text(entry.call().path());
        to.text(entry.call().model());
        to.text(row.alone() ? "" : entry.call().conversation());
        to.flag(entry.call().stream());
        to.text(entry.service().model());
        to.text(entry.service().backend());
        to.number(entry.service().attempts());
        to.text(entry.service().cache());
        to.number(entry.result().status());
        to.text(entry.result().outcome());
        to.text(entry.result().error());
        to.text(entry.result().errorMessage());
        to.number(entry.timing().totalMicros());
        to.number(entry.timing().firstByteMicros());
        to.number(entry.timing().queueMicros());
        to.number(entry.traffic().requestBytes());
        to.number(entry.traffic().responseBytes());
        to.number(entry.traffic().promptTokens());
        to.number(entry.traffic().completionTokens());
        to.flag(entry.traffic().estimated());
        to.flag(request != null && request.cut());
        to.flag(response != null && response.cut());
        to.text(row.alone() ? row.title() : null);
        to.text(request == null ? null : request.utf8());
        to.text(response == null ? null : response.utf8());
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
