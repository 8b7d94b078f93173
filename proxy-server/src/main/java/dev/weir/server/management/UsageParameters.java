package dev.weir.server.management;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.pipeline.usage.UsageQuery;
import dev.weir.pipeline.usage.UsageQuery.Group;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of {@code /management/usage}: {@code group_by}, {@code from}, {@code to} and {@code format}.
 *
 * @param csv whether CSV is wanted, else JSON
 */
record UsageParameters(UsageQuery query, boolean csv) {
    private static final int DEFAULT_DAYS = 30;
    private static final Set<String> NAMES = Set.of("group_by", "from", "to", "format");

    /** Reads a raw query. */
    static UsageParameters of(String query, Clock clock) throws GatewayException {
        Map<String, String> values = values(query);
        LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        LocalDate to = day("to", values.get("to"), today);
        LocalDate from = day("from", values.get("from"), to.minusDays(DEFAULT_DAYS - 1));
        if (from.isAfter(to)) {
            throw refusal("from", from + " (expected: not after to, which is " + to + ")");
        }
        return new UsageParameters(
                new UsageQuery(groups(values.get("group_by")), from, to), isCsv(values.getOrDefault("format", "json")));
    }

    private static Map<String, String> values(String query) throws GatewayException {
        Map<String, String> values = new HashMap<>();
        for (String part : query.split("&", -1)) {
            if (part.isEmpty()) {
                continue;
            }
            int equals = part.indexOf('=');
            String name = decoded(equals < 0 ? part : part.substring(0, equals));
            if (!NAMES.contains(name)) {
                throw refusal(name, "unknown parameter (expected: group_by, from, to or format)");
            }
            if (values.put(name, equals < 0 ? "" : decoded(part.substring(equals + 1))) != null) {
                throw refusal(name, "given twice");
            }
        }
        return values;
    }

    private static String decoded(String text) throws GatewayException {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new GatewayException(GatewayError.BAD_REQUEST, "the query is not percent-encoded rightly", e);
        }
    }

    private static Set<Group> groups(@Nullable String value) throws GatewayException {
        if (value == null) {
            return EnumSet.allOf(Group.class);
        }
        Set<Group> groups = EnumSet.noneOf(Group.class);
        for (String name : value.split(",", -1)) {
            if (!name.isBlank()) {
                groups.add(group(name.strip()));
            }
        }
        return groups;
    }

    private static Group group(String name) throws GatewayException {
        for (Group group : Group.values()) {
            if (group.name().toLowerCase(Locale.ROOT).equals(name)) {
                return group;
            }
        }
        throw refusal("group_by", name + " (expected: key, model, backend or day, or several with commas between)");
    }

    private static LocalDate day(String name, @Nullable String value, LocalDate otherwise) throws GatewayException {
        if (value == null || value.isEmpty()) {
            return otherwise;
        }
        try {
            // A plus that was not encoded has become a space.
            return value.length() > 10
                    ? LocalDate.ofInstant(Instant.from(OffsetDateTime.parse(value.replace(' ', '+'))), ZoneOffset.UTC)
                    : LocalDate.parse(value);
        } catch (DateTimeException e) {
            throw refusal(name, value + " (expected: a day as 2026-11-21, or a time as 2026-11-21T08:00:00Z)");
        }
    }

    private static boolean isCsv(String format) throws GatewayException {
        return switch (format) {
            case "csv" -> true;
            case "json" -> false;
            default -> throw refusal("format", format + " (expected: json or csv)");
        };
    }

    private static GatewayException refusal(String parameter, String what) {
        return new GatewayException(GatewayError.BAD_REQUEST, parameter + ": " + what).param(parameter);
    }
}
