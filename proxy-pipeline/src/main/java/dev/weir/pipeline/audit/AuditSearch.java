package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditEntry.Body;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which records are looked for; what is null or the empty text does not count.
 *
 * @param keys a key's ids
 * @param model as asked, or the one that served
 * @param minStatus the least status, 0 for any
 * @param maxStatus the greatest
 * @param fromMillis the first moment
 * @param toMillis the moment behind the last
 * @param text stands somewhere in path, model, error, user or body, without regard to case
 */
public record AuditSearch(
        @Nullable List<String> keys,
        String model,
        int minStatus,
        int maxStatus,
        long fromMillis,
        long toMillis,
        String text) {
    /** Every record there is. */
    public static final AuditSearch ALL =
            new AuditSearch(null, "", 0, Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, "");

    /** How many records one page of a search for a text looks through. */
    static final int SEARCHED = 5_000;

    /** How PostgreSQL is asked for a text without regard to case. */
    static final String ILIKE = " ILIKE ? ESCAPE '!'";

    /** How SQLite is asked for a text without regard to the case of ASCII's letters. */
    static final String LIKE = " LIKE ? ESCAPE '!'";

    private static final List<String> TEXTS = List.of(
            "path", "model", "served_model", "error", "error_message", "user_name", "request_body", "response_body");

    /** A condition, and what stands for its question marks. */
    record Condition(String sql, List<Object> values) {
        /** This one and another. */
        Condition and(String more, Object... moreValues) {
            List<Object> all = new ArrayList<>(values);
            Collections.addAll(all, moreValues);
            return new Condition(sql + " AND " + more, all);
        }

        /** This one and another. */
        Condition and(Condition other) {
            return and(other.sql, other.values.toArray());
        }

        /** The statement that has it in its middle. */
        PreparedStatement prepare(Connection connection, String before, String behind) throws SQLException {
            PreparedStatement query = connection.prepareStatement(before + sql + behind);
            for (int i = 0; i < values.size(); i++) {
                query.setObject(i + 1, values.get(i));
            }
            return query;
        }
    }

    /** Everything but the text. */
    Condition condition() {
        Condition all = new Condition("1 = 1", List.of());
        if (keys != null) {
            all = all.and(ofKeys(keys));
        }
        if (!model.isEmpty()) {
            all = all.and("(model = ? OR served_model = ?)", model, model);
        }
        if (minStatus > 0) {
            all = all.and("status >= ?", (long) minStatus);
        }
        if (maxStatus < Integer.MAX_VALUE) {
            all = all.and("status <= ?", (long) maxStatus);
        }
        if (fromMillis > Long.MIN_VALUE) {
            all = all.and("time >= ?", fromMillis);
        }
        if (toMillis < Long.MAX_VALUE) {
            all = all.and("time < ?", toMillis);
        }
        return all;
    }

    static Condition ofKeys(List<String> keys) {
        return keys.isEmpty()
                ? new Condition("1 = 0", List.of())
                : new Condition("key_id IN (?" + ", ?".repeat(keys.size() - 1) + ")", List.copyOf(keys));
    }

    /** Of {@code condition}, those with the text. For PostgreSQL. */
    Condition withText(Condition condition) {
        String pattern = pattern(text);
        List<String> tests = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (String column : TEXTS) {
            tests.add(column + ILIKE);
            values.add(pattern);
        }
        return condition.and("(" + String.join(" OR ", tests) + ")", values.toArray());
    }

    /** The same asked of a record: all but the times. */
    Predicate<AuditRow> test() {
        Pattern pattern = quoted(text);
        return row -> (keys == null || keys.contains(row.entry().sender().keyId()))
                && (model.isEmpty()
                        || model.equals(row.entry().call().model())
                        || model.equals(row.entry().service().model()))
                && row.entry().result().status() >= minStatus
                && row.entry().result().status() <= maxStatus
                && (text.isEmpty()
                        || texts(row.entry())
                                .anyMatch(one -> pattern.matcher(one).find()));
    }

    private static Stream<String> texts(AuditEntry entry) {
        return Stream.concat(
                Stream.of(
                        entry.call().path(),
                        entry.call().model(),
                        entry.service().model(),
                        entry.result().error(),
                        entry.result().errorMessage(),
                        entry.sender().user()),
                Stream.of(entry.request(), entry.response())
                        .filter(Objects::nonNull)
                        .map(Body::text));
    }

    /** The last moment. */
    long lastMillis() {
        return toMillis == Long.MAX_VALUE ? toMillis : toMillis - 1;
    }

    /** Finds {@code text} wherever it stands, without regard to case. */
    static Pattern quoted(String text) {
        return Pattern.compile(text, Pattern.LITERAL | Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    static String pattern(String text) {
        return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%";
    }
}
