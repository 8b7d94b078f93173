package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditEntry.Call;
import dev.weir.pipeline.audit.AuditEntry.Result;
import dev.weir.pipeline.audit.AuditEntry.Sender;
import dev.weir.pipeline.audit.AuditEntry.Service;
import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.PageScan.Bodies;
import dev.weir.pipeline.audit.PageScan.Bounds;
import dev.weir.pipeline.audit.PageScan.Found;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Both databases find what a list in memory holds: random records, written out of order in batches of random size. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class AuditReaderTest {
    private static final int RECORDS = 2_000;
    private static final int SEARCHES = 150;

    private final Random random = new Random(17);
    private final Database.Kind kind;
    private final TestDatabase test;
    private final Database database;
    private final List<AuditRow> rows = new ArrayList<>();
    private final AuditQueries queries;
    private final ConversationQueries conversations;

    AuditReaderTest(Database.Kind kind) throws Exception {
        this.kind = kind;
        test = TestDatabase.of(kind);
        database = test.open();
        AuditWriter writer = new AuditWriter(database, new TestMeters());
        queries = new AuditQueries(database, writer);
        conversations = new ConversationQueries(database, writer);
        // A record is written when its exchange is over: some are late, a few very much so.
        List<Long> ends = new ArrayList<>();
        for (int time = 0; time < RECORDS; time++) {
            ends.add(time + random.nextInt(50) + (random.nextInt(40) == 0 ? random.nextLong(RECORDS) : 0));
        }
        List<Integer> times =
                new ArrayList<>(IntStream.range(0, RECORDS).boxed().toList());
        times.sort(Comparator.comparing(ends::get));
        for (int time : times) {
            rows.add(row(rows.size() + 1, 1_000L * time));
        }
        AuditTable table = new AuditTable(database);
        for (int from = 0; from < RECORDS; ) {
            int to = Math.min(RECORDS, from + 1 + random.nextInt(random.nextBoolean() ? 5 : 200));
            table.write("w", SpillTest.stored(rows.subList(from, to)));
            from = to;
        }
    }

    @AfterEach
    void stop() {
        test.close();
    }

    private AuditRow row(long number, long time) {
        AuditRow row = SpillTest.row(number, "b");
        AuditEntry entry = row.entry();
        boolean alone = random.nextBoolean();
        String id = "r" + number;
        String model = "model-" + random.nextInt(3);
        return new AuditRow(
                number,
                new AuditEntry(
                        time,
                        id,
                        new Sender("key-" + random.nextInt(5), "name", "user-" + random.nextInt(4), "::1"),
                        new Call("POST", "/r", "/v1", model, alone ? id : "talk-" + random.nextInt(30), false),
                        new Service(random.nextBoolean() ? model : "model-3", "b", 1, ""),
                        new Result(random.nextInt(10) == 0 ? 429 : 200, "answered", "", ""),
                        entry.timing(),
                        entry.traffic(),
                        new Body(random.nextInt(20) == 0 ? "a Needle in hay" : "hay", false),
                        null),
                alone ? "title " + random.nextInt(10) : "",
                alone);
    }

    private List<AuditRow> expected(Predicate<AuditRow> test) {
        return rows.stream()
                .filter(test)
                .sorted(Comparator.comparingLong((AuditRow row) -> row.entry().timeMillis())
                        .reversed())
                .toList();
    }

    private List<String> listed(AuditSearch search, int limit) throws Exception {
        List<String> ids = new ArrayList<>();
        @Nullable String cursor = null;
        do {
            Page<AuditEntry> page = queries.list(search, limit, cursor);
            assertThat(page.rows()).hasSizeLessThanOrEqualTo(limit).allMatch(entry -> entry.request() == null);
            page.rows().forEach(entry -> ids.add(entry.requestId()));
            cursor = page.nextCursor();
        } while (cursor != null);
        return ids;
    }

    private boolean sometimes() {
        return random.nextInt(3) == 0;
    }

    @Test
    void recordsAreFoundByWhateverIsAskedOfThem() throws Exception {
        for (int i = 0; i < SEARCHES; i++) {
            long from = sometimes() ? 1_000L * random.nextInt(RECORDS) : Long.MIN_VALUE;
            AuditSearch search = new AuditSearch(
                    sometimes() ? List.of("key-" + random.nextInt(6), "key-0") : null,
                    sometimes() ? "model-" + random.nextInt(5) : "",
                    sometimes() ? 400 : 0,
                    sometimes() ? 299 : Integer.MAX_VALUE,
                    from,
                    sometimes() ? Math.max(from, 0) + 1_000L * random.nextInt(500) : Long.MAX_VALUE,
                    sometimes() ? "needle" : "");

            assertThat(listed(search, 1 + random.nextInt(300)))
                    .as("%s", search)
                    .isEqualTo(expected(row -> matches(search, row.entry())).stream()
                            .map(row -> row.entry().requestId())
                            .toList());
        }
    }

    private static boolean matches(AuditSearch search, AuditEntry entry) {
        Body body = entry.request();
        return (search.keys() == null || search.keys().contains(entry.sender().keyId()))
                && (search.model().isEmpty()
                        || List.of(entry.call().model(), entry.service().model())
                                .contains(search.model()))
                && entry.result().status() >= search.minStatus()
                && entry.result().status() <= search.maxStatus()
                && entry.timeMillis() >= search.fromMillis()
                && entry.timeMillis() < search.toMillis()
                && (search.text().isEmpty() || (body != null && body.text().contains("Needle")));
    }

    @Test
    void everyRecordIsFoundByItsIdWithItsBodies() throws Exception {
        for (AuditRow row : rows.subList(0, RECORDS / 5)) {
            assertThat(queries.find(row.entry().requestId())).contains(row.entry());
        }
        assertThat(queries.find("r0")).isEmpty();
    }

    @Test
    void conversationsAreFoundByWhateverIsAskedOfThem() throws Exception {
        for (int i = 0; i < SEARCHES / 3; i++) {
            ConversationQueries.Search search = new ConversationQueries.Search(
                    "",
                    sometimes() ? List.of("key-" + random.nextInt(5)) : null,
                    sometimes() ? "user-" + random.nextInt(4) : "",
                    sometimes() ? "model-" + random.nextInt(3) : "",
                    sometimes() ? "TITLE " + random.nextInt(10) : "");
            List<String> found = new ArrayList<>();
            @Nullable String cursor = null;
            do {
                Page<Conversation> page = conversations.list(search, 1 + random.nextInt(300), cursor);
                page.rows().stream()
                        .filter(Conversation::alone)
                        .forEach(one -> found.add(one.id().name()));
                cursor = page.nextCursor();
            } while (cursor != null);

            Predicate<Conversation> asked = search.test();
            assertThat(found)
                    .as("%s", search)
                    .isEqualTo(expected(row -> row.isAnsweredAlone() && asked.test(Conversation.of(row))).stream()
                            .map(row -> row.entry().requestId())
                            .toList());
        }
    }

    @Test
    void aConversationHasAllOfItsRecordsTheOldestFirst() throws Exception {
        for (Conversation one :
                conversations.list(ConversationQueries.Search.ALL, 200, null).rows()) {
            List<AuditEntry> all = new ArrayList<>(expected(row -> row.alone() == one.alone()
                            && row.entry().call().conversation().equals(one.id().name())
                            && row.entry().sender().keyId().equals(one.id().keyId()))
                    .stream()
                    .map(AuditRow::entry)
                    .toList());
            Collections.reverse(all);

            assertThat(conversations.entriesOf(one, RECORDS, Long.MAX_VALUE)).isEqualTo(all);
            assertThat(conversations.find(one.id().name(), List.of(one.id().keyId())))
                    .contains(one);
            assertThat(conversations.entriesOf(one, 1, Long.MAX_VALUE)).containsExactly(all.get(all.size() - 1));
            assertThat(conversations.entriesOf(one, RECORDS, 10))
                    .as("as much of bodies as that")
                    .isEqualTo(last(all, 10));
        }
    }

    private static List<AuditEntry> last(List<AuditEntry> all, long bytes) {
        int from = all.size();
        for (long left = bytes; from > 0 && left > 0; from--) {
            left -= all.get(from - 1).bodyBytes();
        }
        return all.subList(from, all.size());
    }

    /** Of pages alone: of a table, an index tells. */
    @Test
    void aSearchThatEndsEarlyLeavesNothingOut() throws Exception {
        if (kind == Database.Kind.POSTGRESQL) {
            return;
        }
        Comparator<AuditRow> newestFirst = Comparator.comparingLong(
                        (AuditRow row) -> row.entry().timeMillis())
                .reversed();
        List<String> found = new ArrayList<>();
        int parts = 0;
        long to = Long.MAX_VALUE;
        do {
            PageScan scan = new PageScan(
                    Long.MIN_VALUE,
                    to,
                    400,
                    List.of(List.of("key-1")),
                    AuditReaderTest::isRare,
                    newestFirst,
                    Bodies.PASSED_OVER);
            Found part = database.read(
                    connection -> scan.newest(connection, Bounds.of(RECORDS).withSearched(100)));
            part.rows().forEach(row -> found.add(row.entry().requestId()));
            assertThat(part.searchedTo()).as("it goes on").isLessThan(to);
            to = part.searchedTo();
            parts++;
        } while (to > Long.MIN_VALUE);

        assertThat(found)
                .isEqualTo(expected(AuditReaderTest::isRare).stream()
                        .map(row -> row.entry().requestId())
                        .toList());
        assertThat(parts).isGreaterThan(3);
    }

    private static boolean isRare(AuditRow row) {
        return row.entry().result().status() == 429
                && row.entry().sender().keyId().equals("key-1");
    }
}
