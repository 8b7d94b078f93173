package dev.weir.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.store.Database.Kind;
import dev.weir.testing.Await;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Kind.class)
final class RepeatedTest {
    private static final long PERIOD_MILLIS = 1;

    private final TestDatabase test;
    private final Database database;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final AtomicInteger ticks = new AtomicInteger();
    private final AtomicInteger begun = new AtomicInteger();

    RepeatedTest(Kind kind) {
        test = TestDatabase.of(kind);
        database = test.open();
    }

    @AfterEach
    void close() {
        timer.shutdownNow();
        test.close();
    }

    private Repeated repeat(Runnable task) {
        Repeated repeated = new Repeated(timer, PERIOD_MILLIS, database, () -> {
            begun.incrementAndGet();
            task.run();
        });
        // On the same thread, and due after it each time.
        timer.scheduleWithFixedDelay(ticks::incrementAndGet, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
        return repeated;
    }

    private void awaitTicks(int more) {
        int enough = ticks.get() + more;
        Await.until("the timer ticks", () -> ticks.get() >= enough);
    }

    private void awaitMoreRuns() {
        int enough = begun.get() + 3;
        Await.until("it goes on", () -> begun.get() >= enough);
    }

    private static int touch(Database database) throws DatabaseAwayException, SQLException {
        return database.write(connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("UPDATE key_version SET version = version + 1")) {
                return statement.executeUpdate();
            }
        });
    }

    @Test
    void whileOneRunHangsNoOtherIsQueued() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        repeat(() -> awaitQuietly(release));
        Await.until("the first run", () -> begun.get() == 1);
        awaitTicks(40);

        // Three of its four threads are free: another run would begin at once.
        assertThat(database.later(() -> true).get(20, TimeUnit.SECONDS)).isTrue();
        assertThat(begun).hasValue(1);

        release.countDown();
        awaitMoreRuns();
    }

    @Test
    void behindALockedTableOneRunWaitsAndGoesOnWhenItIsFree() throws Exception {
        CountDownLatch locked = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger done = new AtomicInteger();
        Database other = test.open();
        CompletableFuture<Integer> holder = other.writeLater(connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("UPDATE key_version SET version = version + 1")) {
                int rows = statement.executeUpdate();
                locked.countDown();
                awaitQuietly(release);
                return rows;
            }
        });
        assertThat(locked.await(20, TimeUnit.SECONDS)).isTrue();
        repeat(() -> {
            try {
                done.addAndGet(touch(database));
            } catch (DatabaseAwayException | SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        Await.until("the first run", () -> begun.get() == 1);
        awaitTicks(40);
        assertThat(begun).hasValue(1);
        assertThat(done).hasValue(0);

        release.countDown();
        assertThat(holder.get(20, TimeUnit.SECONDS)).isOne();
        awaitMoreRuns();
        assertThat(done).hasPositiveValue();
    }

    @Test
    void aRunThatFailsIsNotTheLast() {
        repeat(() -> {
            throw new IllegalStateException("on purpose");
        });
        awaitMoreRuns();
    }

    @Test
    void afterItIsClosedNoRunBegins() throws Exception {
        Repeated repeated = repeat(() -> {});
        awaitMoreRuns();

        repeated.close();
        awaitTicks(2);
        int before = begun.get();
        awaitTicks(50);
        assertThat(database.later(() -> true).get(20, TimeUnit.SECONDS)).isTrue();
        assertThat(begun).hasValueLessThanOrEqualTo(before + 1);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
