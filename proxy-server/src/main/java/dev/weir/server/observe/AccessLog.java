package dev.weir.server.observe;

import dev.weir.core.Dispatch;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Identity;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import dev.weir.core.TokenUsage;
import io.netty.util.internal.PlatformDependent;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each exchange, however it ended, without bodies, queries and secrets. Event loops only drop a record into a
 * bounded queue; a thread of its own writes. What finds the queue full is counted and lost.
 */
final class AccessLog implements AutoCloseable {
    /** The logger's name; what it is given is a JSON object already. */
    static final String LOGGER = "weir.access";

    private static final Logger LOG = LoggerFactory.getLogger(LOGGER);
    private static final int QUEUE = 32 * 1024;

    /** W3C Trace Context section 3.2; its second field names the trace. Passed on to backends as it came. */
    private static final Pattern TRACE_PARENT = Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}");

    /** Lines are handed on together up to this many characters: each hand-over costs a system call. */
    private static final int BATCH_CHARS = 16 * 1024;

    /** Between two looks at the queue. To be woken for each line would cost more than the line. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Queue<AccessRecord> queue = PlatformDependent.newFixedMpscQueue(QUEUE);
    private final Counter dropped;
    private final @Nullable Thread writer;
    private volatile boolean closed;

    AccessLog(boolean enabled, CollectorRegistry registry) {
        dropped = Counter.build("weir_access_log_dropped", "Lines of the access log lost because it could not keep up.")
                .register(registry);
        writer = enabled ? new Thread(this::write, "weir-access-log") : null;
        if (writer != null) {
            writer.setDaemon(true);
            writer.start();
        }
    }

    /** On the exchange's event loop. */
    void ended(Exchange exchange, Outcome outcome, long now) {
        if (writer != null && !queue.offer(AccessRecord.of(exchange, outcome, now))) {
            dropped.inc();
        }
    }

    private void write() {
        StringBuilder lines = new StringBuilder(2 * BATCH_CHARS);
        UtcTime time = new UtcTime();
        while (true) {
            boolean last = closed;
            for (AccessRecord next = queue.poll(); next != null; next = queue.poll()) {
                next.appendTo(lines, time);
                lines.append('\n');
                if (lines.length() > BATCH_CHARS) {
                    flush(lines);
                }
            }
            flush(lines);
            if (last) {
                return;
            }
            LockSupport.parkNanos(this, LOOK_NANOS);
        }
    }

    private static void flush(StringBuilder lines) {
        if (!lines.isEmpty()) {
            LOG.info(lines.toString());
            lines.setLength(0);
        }
    }

    /** Writes what is queued and ends. */
    @Override
    public void close() {
        closed = true;
        if (writer != null) {
            LockSupport.unpark(writer);
            try {
                writer.join(TimeUnit.SECONDS.toMillis(2));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What a line says. */
    private record AccessRecord(long endMillis, Exchange exchange, Progress progress, Outcome outcome, long nanos) {

        static AccessRecord of(Exchange exchange, Outcome outcome, long now) {
            return new AccessRecord(
                    System.currentTimeMillis(), exchange, exchange.progress(), outcome, now - exchange.startNanos());
        }

        /** A JSON object; all values are ours or checked, but for the path, whose characters are visible ASCII. */
        void appendTo(StringBuilder line, UtcTime time) {
            Identity identity = exchange.get(Identity.KEY);
            Dispatch dispatch = exchange.get(Dispatch.KEY);
            line.append('{');
            line.append("\"time\":\"");
            time.append(line, endMillis);
            line.append("\",");
            text(line, "id", exchange.id());
            String trace = exchange.request().headers().get("traceparent");
            if (trace != null && TRACE_PARENT.matcher(trace).matches()) {
                text(line, "trace_id", trace.substring(3, 35));
            }
            text(line, "client", exchange.clientAddress().getHostAddress());
            text(line, "key", identity == null ? "" : identity.id());
            text(line, "method", exchange.request().method());
            text(line, "path", exchange.request().path());
            text(line, "route", exchange.route().name());
            number(line, "status", progress.status());
            text(line, "end", outcome.end().label());
            GatewayException failure = outcome.failure();
            if (failure != null) {
                text(line, "error", failure.error().name().toLowerCase(Locale.ROOT));
            }
            if (dispatch != null) {
                text(line, "model", dispatch.model());
                text(line, "backend", dispatch.backend());
                text(line, "reason", dispatch.reason());
                number(line, "attempts", dispatch.attempts());
                millis(line, "queue_ms", dispatch.queuedNanos());
                if (dispatch.firstByteNanos() != 0) {
                    millis(line, "backend_ms", dispatch.firstByteNanos() - dispatch.sentNanos());
                }
            }
            TokenUsage usage = exchange.get(TokenUsage.KEY);
            if (usage != null) {
                number(line, "prompt_tokens", usage.promptTokens());
                number(line, "completion_tokens", usage.completionTokens());
            }
            if (progress.headNanos() != 0) {
                millis(line, "first_byte_ms", progress.headNanos() - exchange.startNanos());
            }
            millis(line, "total_ms", nanos);
            number(line, "bytes_in", progress.requestBytes());
            number(line, "bytes_out", progress.responseBytes());
            line.setCharAt(line.length() - 1, '}');
        }

        private static void text(StringBuilder line, String name, String value) {
            line.append('"').append(name).append("\":\"");
            if (isPlain(value)) {
                line.append(value);
            } else {
                appendEscaped(line, value);
            }
            line.append("\",");
        }

        private static boolean isPlain(String value) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c == '"' || c == '\\' || c < 0x20) {
                    return false;
                }
            }
            return true;
        }

        private static void appendEscaped(StringBuilder line, String value) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c == '"' || c == '\\') {
                    line.append('\\');
                }
                line.append(c < 0x20 ? ' ' : c);
            }
        }

        private static void number(StringBuilder line, String name, long value) {
            line.append('"').append(name).append("\":").append(value).append(',');
        }

        private static void millis(StringBuilder line, String name, long nanos) {
            long micros = TimeUnit.NANOSECONDS.toMicros(nanos);
            line.append('"').append(name).append("\":").append(micros / 1000).append('.');
            long fraction = micros % 1000;
            line.append(fraction < 100 ? "0" : "")
                    .append(fraction < 10 ? "0" : "")
                    .append(fraction)
                    .append(',');
        }
    }
}
