package dev.weir.pipeline.usage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;
import static org.assertj.core.api.Assertions.tuple;

import dev.weir.pipeline.TestServices;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.pipeline.usage.UsageQuery.Group;
import dev.weir.testing.AllowsErrors;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** From an exchange's end to a report, on both databases. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class UsageRecorderTest {
    private static final LocalDate DAY = LocalDate.parse("2026-11-21");
    private static final UsageQuery TOTAL = new UsageQuery(Set.of(), DAY, DAY);

    private final TestDatabase test;
    private final Database database;
    private final TestServices services;
    private final Map<String, Long> spent = new ConcurrentHashMap<>();
    private final UsageRecorder recorder;
    private final UsageReports reports;

    UsageRecorderTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        database = test.open();
        services = new TestServices(database, test.directory());
        recorder = new UsageRecorder(services, database, spent::put);
        reports = new UsageReports(database, recorder);
    }

    @AfterEach
    void close() {
        recorder.close();
        services.close();
        test.close();
    }

    private List<UsageLine> report(Group... groups) throws Exception {
        return reports.report(new UsageQuery(Set.of(groups), DAY, DAY));
    }

    @Test
    void aReportHoldsWhatWasUsedAMomentAgo() throws Exception {
        recorder.add(Entries.served("k1", "m", "a", 5));
        recorder.add(Entries.served("k2", "m", "a", 7));
        recorder.add(Entries.served("k1", "n", "b", 11));
        recorder.add(Entries.refused("k1"));

        assertThat(report(Group.KEY))
                .extracting(UsageLine::key, UsageLine::keyName, UsageLine::requests, UsageLine::promptTokens)
                .containsExactly(tuple("k1", "name of k1", 3L, 16L), tuple("k2", "name of k2", 1L, 7L));
        assertThat(report(Group.MODEL, Group.BACKEND))
                .extracting(UsageLine::model)
                .containsExactly("", "m", "n");
        UsageLine total = report().get(0);
        assertThat(total.requests()).isEqualTo(4);
        assertThat(total.errors()).isOne();
        assertThat(total.totalTokens()).isEqualTo(3 * 23);
        assertThat(total.cost()).isEqualTo(0.069, offset(1e-9));
        assertThat(total.key()).isEmpty();
    }

    @Test
    void otherDaysAreNotTold() throws Exception {
        recorder.add(Entries.served("k1", "m", "a", 5));

        assertThat(reports.report(new UsageQuery(Set.of(), DAY.plusDays(1), DAY.plusDays(9))))
                .isEmpty();
        assertThat(reports.report(new UsageQuery(Set.of(Group.DAY), DAY.minusDays(9), DAY.plusDays(9))))
                .extracting(UsageLine::day)
                .containsExactly("2026-11-21");
    }

    @Test
    void instancesAddToTheSameSums() throws Exception {
        Database second = test.open();
        try (UsageRecorder other = new UsageRecorder(services, second, spent::put)) {
            for (int i = 1; i <= 50; i++) {
                recorder.add(Entries.served("k" + i % 7, "m", "a", i));
                other.add(Entries.served("k" + i % 7, "m", "a", i));
                if (i % 10 == 0) {
                    assertThat(other.flush()).isTrue();
                }
            }
        }

        UsageLine total = reports.report(TOTAL).get(0);

        assertThat(total.requests()).isEqualTo(100);
        assertThat(total.promptTokens()).isEqualTo(2 * 1275);
    }

    @Test
    void aBatchWhoseCommitWasNotConfirmedCountsOnce() throws Exception {
        UsageTable table = new UsageTable(database, "one process");
        UsageSums sums = new UsageSums(10);
        sums.add(Entries.served("k1", "m", "a", 5));
        UsageBatch batch = UsageBatch.of(1, sums.take(10));
        sums.add(Entries.served("k1", "m", "a", 6));

        table.add(batch);
        table.add(batch);
        table.add(UsageBatch.of(2, sums.take(10)));
        new UsageTable(database, "another process").add(batch);
        table.add(batch);

        assertThat(reports.report(TOTAL).get(0).requests()).isEqualTo(3);
        assertThat(reports.statistics().get(0).requests()).isEqualTo(3);
    }

    @Test
    void moreRowsThanABatchTakesAreAllWritten() throws Exception {
        for (int i = 0; i < 1_234; i++) {
            recorder.add(Entries.served("k" + i, "m", "a", 1));
        }

        assertThat(report(Group.KEY)).hasSize(1_234);
        assertThat(recorder.waiting()).isZero();
    }

    @Test
    void statisticsAreOfModelsWithTheirTimes() throws Exception {
        recorder.add(Entries.served("k1", "m", "a", 5));
        recorder.add(Entries.served("k2", "m", "b", 5));
        recorder.add(Entries.refused("k1"));

        assertThat(reports.statistics()).singleElement().satisfies(model -> {
            assertThat(model.model()).isEqualTo("m");
            assertThat(model.requests()).isEqualTo(2);
            assertThat(model.completionTokens()).isEqualTo(20);
            assertThat(model.meanMillis()).isEqualTo(30);
            assertThat(model.meanFirstByteMillis()).isEqualTo(10);
            assertThat(model.lastUsedMillis()).isEqualTo(Entries.NOW.toEpochMilli());
        });
    }

    @Test
    @AllowsErrors("what is lost is told as an error")
    void whatTheDatabaseRefusesForGoodDoesNotHoldUpTheRest() throws Exception {
        execute("ALTER TABLE usage_daily RENAME TO put_aside");
        recorder.add(Entries.served("k1", "m", "a", 5));
        int tries = 0;
        while (recorder.waiting() > 0 && tries++ < 2 * UsageRecorder.MAX_REFUSALS) {
            recorder.flush();
        }
        execute("ALTER TABLE put_aside RENAME TO usage_daily");
        recorder.add(Entries.served("k2", "m", "a", 5));

        assertThat(report(Group.KEY)).extracting(UsageLine::key).containsExactly("k2");
    }

    private void execute(String sql) throws Exception {
        database.write(connection -> {
            try (Statement statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    @Test
    void closingWritesWhatWaits() throws Exception {
        recorder.add(Entries.served("k1", "m", "a", 5));

        recorder.close();

        assertThat(recorder.waiting()).isZero();
        assertThat(report(Group.KEY)).hasSize(1);
    }
}
