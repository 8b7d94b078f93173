package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.AuditReader.Part;
import dev.weir.pipeline.audit.AuditSearch.Condition;
import dev.weir.pipeline.audit.Conversation.Place;
import dev.weir.pipeline.audit.ConversationSelect.Dialect;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.Database.Kind;
import dev.weir.pipeline.store.DatabaseAwayException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds conversations and what was said in them, those that went on last first, what came a moment ago included. Blocks. */
public final class ConversationQueries {
    /** How many chats of either kind one page of a search looks through. */
    static final int SEARCHED = 20_000;

    private static final long FLUSH_MILLIS = 2_000;
    private static final long SEARCH_MILLIS = 10_000;

    private final Database database;
    private final AuditWriter writer;
    private final AuditReader reader;
    private final ConversationSelect grouped;

    public ConversationQueries(Database database, AuditWriter writer) {
        this.database = database;
        this.writer = writer;
        this.reader = AuditReader.of(database);
        this.grouped =
                ConversationSelect.grouped(database.kind() == Kind.POSTGRESQL ? Dialect.POSTGRESQL : Dialect.SQLITE);
    }

    /**
     * Which conversations are looked for; what is null or the empty text does not count.
     *
     * @param id what its sender calls it, or its only request's id
     * @param keys a key's ids
     * @param user who asked last
     * @param model asked last
     * @param text stands somewhere in the title, without regard to case
     */
    public record Search(String id, @Nullable List<String> keys, String user, String model, String text) {
        /** Every conversation there is. */
        public static final Search ALL = new Search("", null, "", "", "");

        /** Whether many may have to be looked through for those that are meant: to an id, an index leads. */
        boolean mayFindFew() {
            return id.isEmpty() && !equals(ALL);
        }

        Condition condition(String like) {
            Condition all = new Condition("1 = 1", List.of());
            all = id.isEmpty() ? all : all.and("id = ?", id);
            all = keys == null ? all : all.and(AuditSearch.ofKeys(keys));
            all = user.isEmpty() ? all : all.and("user_name = ?", user);
            all = model.isEmpty() ? all : all.and("model = ?", model);
            return text.isEmpty() ? all : all.and("title" + like, AuditSearch.pattern(text));
        }

        Predicate<Conversation> test() {
            Pattern pattern = AuditSearch.quoted(text);
            return one -> (id.isEmpty() || id.equals(one.id().name()))
                    && (keys == null || keys.contains(one.id().keyId()))
                    && (user.isEmpty() || user.equals(one.user()))
                    && (model.isEmpty() || model.equals(one.model()))
                    && (text.isEmpty() || pattern.matcher(one.title()).find());
        }
    }

    /**
     * A page of them. One that looks for some looks through {@link #SEARCHED} of those that are grouped and of those that stand
     * alone, or some more, and says where to go on; on SQLite, every one looks through so many records among which chats that stand
     * alone are.
     *
     * @param cursor where the page before says it goes on, or null to begin
     * @throws IllegalArgumentException if the cursor is none
     */
    public Page<Conversation> list(Search search, int limit, @Nullable String cursor)
            throws DatabaseAwayException, SQLException, InterruptedException {
        if (cursor == null) {
            writer.flush(FLUSH_MILLIS);
        }
        Place from = cursor == null ? null : Place.read(cursor);
        return database.scan(SEARCH_MILLIS, connection -> page(connection, search, limit, from));
    }

    /** Of those that were grouped and of the chats that stand alone. */
    private Page<Conversation> page(Connection connection, Search search, int limit, @Nullable Place from)
            throws SQLException {
        Part named = grouped.newest(connection, search, limit + 1, from);
        Part alone = reader.alone(connection, search, limit + 1, from);
        Place last = Stream.of(named, alone)
                .map(Part::searchedTo)
                .filter(Objects::nonNull)
                .max(Comparator.naturalOrder())
                .orElse(null);
        List<Conversation> found = Stream.concat(named.rows().stream(), alone.rows().stream())
                .filter(one -> last == null || one.place().compareTo(last) >= 0)
                .sorted(Conversation.NEWEST_FIRST)
                .toList();
        return found.size() > limit
                ? new Page<>(
                        found.subList(0, limit), found.get(limit - 1).place().cursor())
                : new Page<>(found, last == null ? null : last.cursor());
    }

    /** One conversation; the one that went on last if several keys call theirs the same. */
    public Optional<Conversation> find(String id, @Nullable List<String> keys)
            throws DatabaseAwayException, SQLException, InterruptedException {
        return list(new Search(id, keys, "", "", ""), 1, null).rows().stream().findFirst();
    }

    /**
     * The records of a conversation with their bodies, the oldest first: of a long one the last.
     *
     * @param maxBytes as much of bodies as that, roughly
     */
    public List<AuditEntry> entriesOf(Conversation conversation, int limit, long maxBytes)
            throws DatabaseAwayException, SQLException {
        return database.scan(SEARCH_MILLIS, connection -> reader.entriesOf(connection, conversation, limit, maxBytes));
    }
}
