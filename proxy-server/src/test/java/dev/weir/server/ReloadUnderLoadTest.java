package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reloads while requests come without a pause. */
class ReloadUnderLoadTest {
    private static final int CLIENTS = 8;

    @TempDir
    private Path directory;

    private void write(Path file, String url, int weight, int slots) throws IOException {
        Files.writeString(file, """
                backends: {a: {url: "%s", weight: %d, max_in_flight: %d}}
                models: {chat: {targets: [{backend: a, model: phi3}]}}
                logging: {access_log: false}
                """.formatted(url, weight, slots));
    }

    private void reloadsUnderLoad(int slots) throws Exception {
        Path file = directory.resolve("weir.yaml");
        SimOptions options = SimOptions.instant(SimKind.OLLAMA).toBuilder()
                .timeToFirstToken(Duration.ofMillis(3))
                .maxTokensDefault(4)
                .build();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try (SimServer sim = TestGateway.sim(options)) {
            write(file, sim.url(), 1, slots);
            try (TestGateway gateway = TestGateway.start(new ConfigurationFile(file, null), Map.of())) {
                AtomicBoolean over = new AtomicBoolean();
                AtomicInteger answered = new AtomicInteger();
                List<String> failures = new CopyOnWriteArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    clients.execute(() -> {
                        while (!over.get()) {
                            HttpResponse<String> answer = gateway.post(
                                    "/v1/chat/completions",
                                    "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'x'}]}");
                            answered.incrementAndGet();
                            if (answer.statusCode() != 200) {
                                failures.add(answer.statusCode() + " " + answer.body());
                            }
                        }
                    });
                }
                for (int reload = 2; reload < 22; reload++) {
                    int before = answered.get();
                    Await.until("some answers", () -> answered.get() > before + 10);
                    write(file, sim.url(), reload, slots);
                    gateway.gateway().reload();
                }
                over.set(true);
                clients.shutdown();
                assertThat(clients.awaitTermination(10, TimeUnit.SECONDS)).isTrue();

                assertThat(failures).isEmpty();
            }
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void aBackendWhoseSettingsChangeLosesNoRequest() throws Exception {
        reloadsUnderLoad(64);
    }

    @Test
    void requestsThatWaitForASlotAreServedByTheBackendTheyWaitFor() throws Exception {
        reloadsUnderLoad(1);
    }
}
