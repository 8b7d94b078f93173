package dev.weir.pipeline.audit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

    private static final List<String> SEARCHED = List.of(
            "path", "model", "served_model", "error", "error_message", "user_name", "request_body", "response_body");

    /** A condition, and what stands for its question marks. */
    record Condition(String sql, List<Object> values) {
        /** This one and another. */
        Condition and(String more, Object... moreValues) {
            List<Object> all = new ArrayList<>(values);
            Collections.addAll(all, moreValues);
            return new Condition(sql + " AND " + more, all);
        }
    }

    /** Everything but the text. */
    Condition condition() {
        Condition all = new Condition("1 = 1", List.of());
        if (keys != null) {
            all = keys.isEmpty()
                    ? all.and("1 = 0")
                    : all.and("key_id IN (?" + ", ?".repeat(keys.size() - 1) + ")", keys.toArray());
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

    /** Of {@code condition}, those with the text. */
    Condition withText(Condition condition, boolean postgresql) {
        String pattern = pattern(text);
        List<String> tests = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (String column : SEARCHED) {
            tests.add(column + like(postgresql));
            values.add(pattern);
        }
        return condition.and("(" + String.join(" OR ", tests) + ")", values.toArray());
    }

    /** Without regard to case: of all letters on PostgreSQL, of ASCII's on SQLite. */
    static String like(boolean postgresql) {
        return (postgresql ? " ILIKE ?" : " LIKE ?") + " ESCAPE '!'";
    }

    static String pattern(String text) {
        return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%";
    }
}
