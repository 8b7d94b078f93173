package dev.weir.pipeline.usage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestServices;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.Await;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The database goes and comes back while requests are served. */
final class UsageOutageTest {
    private static final LocalDate DAY = LocalDate.parse("2026-11-21");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @Test
    void usageWaitsForTheDatabaseAndCountsOnce() throws Exception {
        try (RealPostgres postgres = RealPostgres.start();
                TestDatabase test = TestDatabase.at(postgres.newDatabase())) {
            TestServices services = new TestServices(test.open(), test.directory());
            UsageRecorder recorder = new UsageRecorder(
                    services, services.shared(dev.weir.pipeline.store.Database.class), (key, n) -> {});
            for (int i = 0; i < 100; i++) {
                recorder.add(Entries.served("k" + i % 3, "m", "a", 1));
            }
            assertThat(recorder.flush()).isTrue();

            postgres.stop();
            for (int i = 0; i < 1_000; i++) {
                recorder.add(Entries.served("k" + i % 3, "m", "a", 1));
                if (i % 250 == 0) {
                    assertThat(recorder.flush()).isFalse();
                }
            }
            assertThat(recorder.waiting()).isEqualTo(1_000);

            postgres.restart();
            Await.until(LIMIT, "usage is written", recorder::flush);
            UsageLine total = new UsageReports(services.shared(dev.weir.pipeline.store.Database.class), recorder)
                    .report(new UsageQuery(Set.of(), DAY, DAY))
                    .get(0);
            assertThat(total.requests()).isEqualTo(1_100);
            assertThat(total.promptTokens()).isEqualTo(1_100);
            recorder.close();
            services.close();
        }
    }
}
