package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import dev.weir.pipeline.audit.PageScan.Bodies;
import dev.weir.pipeline.audit.PageScan.Bounds;
import dev.weir.pipeline.audit.PageScan.Found;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads records out of pages, as SQLite holds them. */
final class PageReader implements AuditReader {
    private static final Comparator<AuditRow> NEWEST_RECORD = Comparator.comparingLong(
                    (AuditRow row) -> row.entry().timeMillis())
            .thenComparingLong(AuditRow::sequence)
            .reversed();

    private static final Comparator<AuditRow> NEWEST_CHAT =
            Comparator.comparing(PageReader::conversation, Conversation.NEWEST_FIRST);

    @Override
    public Page<AuditEntry> list(Connection connection, AuditSearch search, int limit, @Nullable Place from)
            throws SQLException {
        boolean text = !search.text().isEmpty();
        PageScan scan = new PageScan(
                search.fromMillis(),
                Math.min(search.lastMillis(), from == null ? Long.MAX_VALUE : from.timeMillis()),
                search.minStatus(),
                names(search.keys(), search.model()),
                search.test().and(row -> from == null || Place.of(row).isBefore(from)),
                NEWEST_RECORD,
                text ? Bodies.TESTED : Bodies.PASSED_OVER);
        Found found = scan.newest(
                connection,
                Bounds.of(limit + 1).withSearched(text ? AuditSearch.SEARCHED : ConversationQueries.SEARCHED));
        List<AuditRow> rows = found.rows();
        String nextCursor = null;
        if (rows.size() > limit) {
            rows = rows.subList(0, limit);
            nextCursor = Place.of(rows.get(limit - 1)).cursor();
        } else if (found.searchedTo() > Long.MIN_VALUE) {
            nextCursor = new Place(found.searchedTo(), Long.MAX_VALUE).cursor();
        }
        return new Page<>(rows.stream().map(AuditRow::entry).toList(), nextCursor);
    }

    private static List<List<String>> names(@Nullable List<String> keys, String... others) {
        List<List<String>> names = new ArrayList<>();
        if (keys != null) {
            names.add(keys);
        }
        for (String name : others) {
            if (!name.isEmpty()) {
                names.add(List.of(name));
            }
        }
        return names;
    }

    @Override
    public Optional<AuditEntry> find(Connection connection, String requestId) throws SQLException {
        PageScan scan = new PageScan(
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                0,
                names(null, requestId),
                row -> row.entry().requestId().equals(requestId),
                NEWEST_RECORD,
                Bodies.KEPT);
        return scan.newest(connection, Bounds.of(1)).rows().stream()
                .map(AuditRow::entry)
                .findFirst();
    }

    @Override
    public Part alone(Connection connection, Search search, int limit, Conversation.@Nullable Place from)
            throws SQLException {
        Predicate<Conversation> test = search.test();
        PageScan scan = new PageScan(
                Long.MIN_VALUE,
                from == null ? Long.MAX_VALUE : from.lastMillisBehind(),
                0,
                names(search.keys(), search.model(), search.id(), PageTerms.ALONE),
                row -> row.isAnsweredAlone()
                        && test.test(conversation(row))
                        && (from == null || conversation(row).place().compareTo(from) < 0),
                NEWEST_CHAT,
                Bodies.PASSED_OVER);
        Bounds bounds = Bounds.of(limit);
        Found found = scan.newest(
                connection, search.id().isEmpty() ? bounds.withSearched(ConversationQueries.SEARCHED) : bounds);
        return new Part(
                found.rows().stream().map(PageReader::conversation).toList(),
                found.searchedTo() == Long.MIN_VALUE ? null : Conversation.Place.behindAllOf(found.searchedTo() + 1));
    }

    private static Conversation conversation(AuditRow row) {
        return Conversation.of(row);
    }

    @Override
    public List<AuditEntry> entriesOf(Connection connection, Conversation conversation, int limit, long maxBytes)
            throws SQLException {
        Conversation.Id id = conversation.id();
        PageScan scan = new PageScan(
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                0,
                names(List.of(id.keyId()), id.name()),
                row -> row.alone() == conversation.alone()
                        && row.entry().call().conversation().equals(id.name())
                        && row.entry().sender().keyId().equals(id.keyId()),
                NEWEST_RECORD,
                Bodies.KEPT);
        Found found = scan.newest(connection, Bounds.of(limit).withBytes(maxBytes));
        List<AuditEntry> entries =
                new ArrayList<>(found.rows().stream().map(AuditRow::entry).toList());
        Collections.reverse(entries);
        return entries;
    }
}
