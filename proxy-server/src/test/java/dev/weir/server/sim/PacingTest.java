package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How long things take, and what ends them early. Lower bounds are exact, upper bounds generous. */
class PacingTest {
    private static final SimOptions INSTANT = SimOptions.instant(SimKind.OLLAMA);

    private static String chat(int tokens) {
        return "{'model':'phi3','messages':[{'role':'user','content':'Describe rain.'}],'options':{'num_predict':"
                + tokens + "}}";
    }

    private static long millisSince(long startNanos) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    }

    @Test
    void tokensComeAtTheirPaceAfterTheFirst() throws IOException {
        SimOptions options = INSTANT.toBuilder()
                .timeToFirstToken(Duration.ofMillis(100))
                .tokensPerSecond(100)
                .build();
        try (SimServer server = SimServer.start(options);
                RawClient client = new RawClient(server)) {
            long start = System.nanoTime();
            client.post("/api/chat", chat(20)).readTo("\r\n\r\n");
            List<Long> arrivals = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                client.readTo("\"done\":false}\n");
                arrivals.add(millisSince(start));
            }
            JsonNode last = SimClient.json(client.readTo("}\n").replaceFirst("(?s)^.*?\\{", "{"));

            assertThat(arrivals).isSorted();
            assertThat(arrivals.get(0)).isBetween(100L, 10_000L);
            assertThat(arrivals.get(10)).isGreaterThanOrEqualTo(200L);
            assertThat(arrivals.get(19)).isBetween(290L, 10_000L);
            assertThat(Duration.ofNanos(last.path("eval_duration").asLong())).isBetween(ms(190), ms(10_000));
            assertThat(Duration.ofNanos(last.path("prompt_eval_duration").asLong()))
                    .isBetween(ms(100), ms(10_000));
        }
    }

    private static Duration ms(long millis) {
        return Duration.ofMillis(millis);
    }

    @Test
    void answerWithoutStreamingTakesAsLong() throws IOException {
        SimOptions options = INSTANT.toBuilder().tokensPerSecond(100).build();
        try (SimServer server = SimServer.start(options)) {
            SimClient client = new SimClient(server);
            client.post("/api/chat", "{'model':'phi3'}");
            long start = System.nanoTime();
            client.post("/api/chat", chat(21).replaceFirst("\\{", "{'stream':false,"));

            assertThat(millisSince(start)).isBetween(200L, 10_000L);
        }
    }

    @Test
    void onlyTheFirstUseOfAModelLoadsIt() throws IOException {
        SimOptions options = INSTANT.toBuilder().loadTime(ms(2_000)).build();
        try (SimServer server = SimServer.start(options)) {
            SimClient client = new SimClient(server);
            List<JsonNode> first = client.postLines("/api/chat", chat(1));
            List<JsonNode> second = client.postLines("/api/chat", chat(1));

            assertThat(Duration.ofNanos(first.get(1).path("load_duration").asLong()))
                    .isBetween(ms(2_000), ms(20_000));
            assertThat(Duration.ofNanos(second.get(1).path("load_duration").asLong()))
                    .isLessThan(ms(1_900));
        }
    }

    @Test
    void clientThatLeavesCancelsItsAnswer() throws IOException {
        SimOptions options = INSTANT.toBuilder().tokensPerSecond(10).parallel(1).build();
        try (SimServer server = SimServer.start(options)) {
            try (RawClient client = new RawClient(server)) {
                client.post("/api/chat", chat(100)).readTo("\"done\":false}\n");
                assertThat(server.stats().inFlight()).isEqualTo(1);
                assertThat(server.stats().openConnections()).isEqualTo(1);
            }
            SimClient.await("cancelled", () -> server.stats().cancelled() == 1);
            SimClient.await("closed", () -> server.stats().openConnections() == 0);

            SimClient.await("nothing is in flight", () -> server.stats().inFlight() == 0);
            assertThat(new SimClient(server).postLines("/api/chat", chat(1))).hasSize(2);
        }
    }

    @Test
    void waitingClientThatLeavesGivesUpItsPlace() throws IOException {
        SimOptions options =
                INSTANT.toBuilder().loadTime(ms(60_000)).parallel(1).build();
        try (SimServer server = SimServer.start(options)) {
            RawClient running = new RawClient(server).post("/api/chat", chat(1));
            RawClient waiting = new RawClient(server).post("/api/chat", chat(1));
            SimClient.await("both asked", () -> server.stats().inFlight() == 2);
            waiting.close();
            running.close();

            SimClient.await("both cancelled", () -> server.stats().cancelled() == 2);
            SimClient.await("nothing is in flight", () -> server.stats().inFlight() == 0);
        }
    }

    @Test
    void requestsBeyondTheSlotsWaitTheirTurn() throws IOException {
        SimOptions options =
                INSTANT.toBuilder().timeToFirstToken(ms(100)).parallel(1).build();
        try (SimServer server = SimServer.start(options)) {
            SimClient client = new SimClient(server);
            long start = System.nanoTime();
            CompletableFuture<?>[] three = new CompletableFuture<?>[3];
            for (int i = 0; i < three.length; i++) {
                three[i] = CompletableFuture.supplyAsync(() -> client.post("/api/chat", chat(1)));
            }
            CompletableFuture.allOf(three).orTimeout(10, TimeUnit.SECONDS).join();

            assertThat(millisSince(start)).isBetween(300L, 10_000L);
        }
    }

    @Test
    void fullQueueIsRefusedInOllamasWords() throws IOException {
        SimOptions options =
                INSTANT.toBuilder().loadTime(ms(60_000)).parallel(1).maxQueue(1).build();
        try (SimServer server = SimServer.start(options);
                RawClient running = new RawClient(server).post("/api/chat", chat(1))) {
            SimClient.await("running", () -> server.stats().inFlight() == 1);
            try (RawClient waiting = new RawClient(server).post("/api/chat", chat(1))) {
                SimClient.await("waiting", () -> server.stats().inFlight() == 2);
                var refused = new SimClient(server).post("/api/chat", chat(1));

                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.body())
                        .isEqualTo("{\"error\":\"server busy, please try again.  maximum pending requests exceeded\"}");
                waiting.send("");
            }
            running.send("");
        }
    }

    @Test
    void clientThatDoesNotReadStopsTheStream() throws IOException {
        // Far more than the sockets hold.
        String body = "{'model':'phi3','stream':true,'ignore_eos':true,'max_tokens':40000,"
                + "'messages':[{'role':'user','content':'Hi'}]}";
        try (SimServer server = SimServer.start(SimOptions.instant(SimKind.OPENAI));
                RawClient client = new RawClient(server)) {
            client.post("/v1/chat/completions", body).readTo("\r\n\r\n");
            assertThat(new SimClient(server).post("/v1/chat/completions", body).body())
                    .endsWith("data: [DONE]\n\n");
            SimClient.await(
                    "the one that was read is over", () -> server.stats().inFlight() == 1);

            assertThat(client.send("GET /v1/models HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n")
                            .readToEnd())
                    .contains("data: [DONE]\n\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n");
        }
    }
}
