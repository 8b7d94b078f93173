package dev.weir.server.management;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parameters of a list that is read page by page. What makes no sense is a 400 that names it. */
final class ListParameters {
    private static final int LIMIT = 100;
    private static final int MAX_LIMIT = 1_000;
    private static final int MAX_CHARS = 500;

    private final Map<String, String> values = new HashMap<>();

    private ListParameters() {}

    /** @param names those there are, beside {@code limit} and {@code cursor} */
    static ListParameters of(String query, List<String> names) throws GatewayException {
        ListParameters parameters = new ListParameters();
        for (String part : query.split("&", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            int equals = part.indexOf('=');
            String name = decoded(equals < 0 ? part : part.substring(0, equals));
            if (!names.contains(name) && !name.equals("limit") && !name.equals("cursor")) {
                throw refusal(name, "unknown parameter (expected: " + String.join(", ", names) + ", limit or cursor)");
            }
            String value = equals < 0 ? "" : decoded(part.substring(equals + 1));
            if (value.length() > MAX_CHARS) {
                throw refusal(name, value.length() + " characters (expected: at most " + MAX_CHARS + ")");
            }
            if (parameters.values.put(name, value) != null) {
                throw refusal(name, "given twice");
            }
        }
        return parameters;
    }

    static String decoded(String text) throws GatewayException {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "the query is not percent-encoded rightly", e);
        }
    }

    static GatewayException refusal(String parameter, String what) {
        return new GatewayException(GatewayError.BAD_REQUEST, parameter + ": " + what).param(parameter);
    }

    /** The value, or the empty text. */
    String text(String name) {
        return values.getOrDefault(name, "");
    }

    @Nullable
    String cursor() {
        String cursor = text("cursor");
        return cursor.isEmpty() ? null : cursor;
    }

    int limit() throws GatewayException {
        String text = text("limit");
        int limit = text.isEmpty() ? LIMIT : number("limit", text);
        if (limit < 1 || limit > MAX_LIMIT) {
            throw refusal("limit", text + " (expected: 1 to " + MAX_LIMIT + ")");
        }
        return limit;
    }

    static int number(String name, String text) throws GatewayException {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw refusal(name, text + " (expected: a number)");
        }
    }

    /** A moment: a day's beginning in UTC, or a time. */
    long timeMillis(String name, long otherwise) throws GatewayException {
        String text = text(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            // A plus that was not encoded has become a space.
            return text.length() > 10
                    ? OffsetDateTime.parse(text.replace(' ', '+')).toInstant().toEpochMilli()
                    : LocalDate.parse(text)
                            .atStartOfDay(ZoneOffset.UTC)
                            .toInstant()
                            .toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw refusal(name, text + " (expected: a day as 2026-11-21, or a time as 2026-11-21T08:00:00Z)");
        }
    }
}
