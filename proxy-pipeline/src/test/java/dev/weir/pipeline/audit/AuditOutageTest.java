package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Endpoint;
import dev.weir.core.LocalResponse;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.RealPostgres;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A database that comes and goes, and a disk that takes nothing. */
@AllowsErrors("losses and refusals are logged")
final class AuditOutageTest {
    private static final RealPostgres SERVER = RealPostgres.start();
    private static final Duration LONG = Duration.ofSeconds(90);

    /** Whoever is refused for so long is not refused because the writer is about to come. */
    private static final Duration FULL = Duration.ofSeconds(2);

    private static final Endpoint HELLO = Endpoint.answering(exchange -> LocalResponse.json(200, "{}"));

    private final TestDatabase test = TestDatabase.at(SERVER.newDatabase());
    private final Database database = test.open();

    @AfterEach
    void restart() {
        SERVER.restart();
        test.close();
    }

    @AfterAll
    static void stop() {
        SERVER.close();
    }

    private AuditInstance start(AuditSettingsBuilder settings) {
        return new AuditInstance(database, test.directory(), settings.build(), HELLO);
    }

    private static int send(AuditInstance instance, int number) {
        return instance.send("GET", "/x", "", "x-request-id", "r" + number).statusCode();
    }

    private static List<String> ids(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "r" + i).toList();
    }

    private Path spill() {
        return test.directory().resolve("data/spill");
    }

    @Test
    void everyRecordIsThereOnceAndInOrderAfterAnOutageUnderLoad() throws Exception {
        try (AuditInstance instance = start(new AuditSettingsBuilder())) {
            AtomicBoolean enough = new AtomicBoolean();
            AtomicInteger sent = new AtomicInteger();
            CompletableFuture<List<Integer>> load = CompletableFuture.supplyAsync(() -> {
                List<Integer> statuses = new ArrayList<>();
                while (!enough.get()) {
                    statuses.add(send(instance, sent.get()));
                    sent.incrementAndGet();
                }
                return statuses;
            });
            Await.until(
                    LONG,
                    "some are written",
                    () -> !AuditInstance.written(database).isEmpty());

            SERVER.stop();
            int before = sent.get();
            Await.until(LONG, "many more are sent", () -> sent.get() > before + 1_500 && spilled() > 0);
            SERVER.restart();
            int after = sent.get();
            Await.until(LONG, "some more are sent", () -> sent.get() > after + 300);
            enough.set(true);

            assertThat(load.get()).containsOnly(200);
            Await.until(
                    LONG,
                    "all are written",
                    () -> AuditInstance.written(database).size() >= sent.get());
            assertThat(AuditInstance.written(database)).isEqualTo(ids(0, sent.get()));
            assertThat(instance.writer().lost()).isZero();
            Await.until(LONG, "the spill is empty", () -> spilled() == 0);
        }
    }

    private long spilled() {
        try (var files = Files.walk(spill())) {
            return files.filter(file -> file.toString().endsWith(SpillSegment.SUFFIX))
                    .count();
        } catch (IOException e) {
            return 0;
        }
    }

    @Test
    void whatWasSpilledWhenTheProcessEndedIsWrittenByTheNext() {
        try (AuditInstance instance = start(new AuditSettingsBuilder())) {
            send(instance, 0);
            Await.until(
                    LONG, "it is written", () -> AuditInstance.written(database).size() == 1);
            SERVER.stop();
            IntStream.range(1, 50).forEach(i -> send(instance, i));
        }
        assertThat(spilled()).isPositive();

        SERVER.restart();
        try (AuditInstance next = start(new AuditSettingsBuilder())) {
            Await.until(
                    LONG,
                    "all are written",
                    () -> AuditInstance.written(database).size() >= 50);
            assertThat(AuditInstance.written(database)).isEqualTo(ids(0, 50));
            assertThat(next.writer().lost()).isZero();
        }
        assertThat(spilled()).isZero();
    }

    @Test
    void aGreatBacklogDoesNotHoldUpWhatComesNow() throws Exception {
        int backlog = 40_000;
        try (Spill left = Spill.create(spill(), "another")) {
            for (int from = 1; from <= backlog; from += 500) {
                List<AuditRow> rows = IntStream.range(from, from + 500)
                        .mapToObj(i -> SpillTest.row(i, "b"))
                        .toList();
                assertThat(left.append(SpillTest.stored(rows), Long.MAX_VALUE)).isTrue();
            }
            left.taken(backlog);
        }
        Await.until(LONG, "up", database::isUp);
        try (AuditInstance instance = start(new AuditSettingsBuilder())) {
            for (int i = 0; i < 20; i++) {
                assertThat(instance.send("GET", "/x", "", "x-request-id", "now-" + i)
                                .statusCode())
                        .isEqualTo(200);
            }
            Await.until(LONG, "the backlog is done", () -> {
                List<String> ids = AuditInstance.written(database);
                return ids.size() >= backlog + 20 && spilled() == 0;
            });
            List<String> ids = AuditInstance.written(database);
            assertThat(ids).hasSize(backlog + 20).doesNotHaveDuplicates();
            assertThat(ids.indexOf("now-0")).isLessThan(ids.indexOf("r" + backlog));
            assertThat(instance.writer().lost()).isZero();
        }
    }

    @Test
    void whatFindsNoRoomIsCountedAndTheRestIsKept() {
        try (AuditInstance instance =
                start(new AuditSettingsBuilder().queue(100).spillMax(64 << 10))) {
            SERVER.stop();
            Await.until(LONG, "found away", () -> !database.isUp());
            int sent = 0;
            while (instance.writer().lost() < 50) {
                assertThat(send(instance, sent)).isEqualTo(200);
                sent++;
            }
            long lost = instance.writer().lost();

            SERVER.restart();
            int kept = (int) (sent - lost);
            Await.until(
                    LONG,
                    "what was kept is written",
                    () -> AuditInstance.written(database).size() >= kept);
            assertThat(AuditInstance.written(database)).hasSize(kept).doesNotHaveDuplicates();
        }
    }

    @Test
    void withoutADiskTheQueueHoldsWhatItCan() throws IOException {
        Files.createDirectories(spill().getParent());
        Files.writeString(spill(), "no directory");
        try (AuditInstance instance = start(new AuditSettingsBuilder())) {
            SERVER.stop();
            IntStream.range(0, 100).forEach(i -> assertThat(send(instance, i)).isEqualTo(200));

            SERVER.restart();
            Await.until(
                    LONG,
                    "all are written",
                    () -> AuditInstance.written(database).size() >= 100);
            assertThat(AuditInstance.written(database)).isEqualTo(ids(0, 100));
            assertThat(instance.writer().lost()).isZero();
        }
    }

    @Test
    void aRequestThatMustBeAuditedIsRefusedWhenNobodyTakesItsRecord() {
        try (AuditInstance instance =
                start(new AuditSettingsBuilder().required().queue(50).spillMax(64 << 10))) {
            SERVER.stop();
            Await.until(LONG, "found away", () -> !database.isUp());
            int served = 0;
            long refusedSince = System.nanoTime();
            while (System.nanoTime() - refusedSince < FULL.toNanos()) {
                if (send(instance, served) == 200) {
                    served++;
                    refusedSince = System.nanoTime();
                }
                assertThat(served).isLessThan(10_000);
            }
            assertThat(instance.send("GET", "/x", "").headers().firstValue("retry-after"))
                    .isPresent();
            assertThat(instance.send("GET", "/x", "").body()).contains("requests must be audited");

            SERVER.restart();
            int expected = served;
            Await.until(
                    LONG,
                    "all are written",
                    () -> AuditInstance.written(database).size() >= expected);
            assertThat(AuditInstance.written(database)).isEqualTo(ids(0, served));
            assertThat(instance.writer().lost()).isZero();
            Await.until(LONG, "served again", () -> send(instance, expected) == 200);
        }
    }
}
