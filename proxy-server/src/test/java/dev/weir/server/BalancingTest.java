package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests over several servers, under load. */
class BalancingTest {
    private static final SimOptions STEADY = SimOptions.instant(SimKind.OLLAMA).toBuilder()
            .timeToFirstToken(Duration.ofMillis(20))
            .maxTokensDefault(8)
            .build();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ExecutorService threads = Executors.newFixedThreadPool(32);
    private final SimServer llm01 = TestGateway.sim(STEADY);
    private final SimServer llm02 = TestGateway.sim(STEADY);

    @AfterEach
    void stop() {
        threads.shutdownNow();
        llm01.close();
        llm02.close();
    }

    private record Answer(int status, String body) {}

    private List<Future<Answer>> send(TestGateway gateway, int count, String json, AtomicInteger done) {
        HttpRequest request = TestGateway.request(
                gateway.url() + "/v1/chat/completions", "POST", json, "authorization", "Bearer " + TestGateway.KEY);
        List<Future<Answer>> answers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            answers.add(threads.submit(() -> {
                HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
                done.incrementAndGet();
                return new Answer(answer.statusCode(), answer.body());
            }));
        }
        return answers;
    }

    @Test
    void hxChatSpreadsTwoToOneOverServersOfOneSpeed() throws Exception {
        int requests = 1200;
        try (TestGateway gateway = TestGateway.shipped(llm01.url(), llm02.url(), llm02.url())) {
            String json = "{'model': 'hx-chat', 'messages': [{'role': 'user', 'content': 'hi'}]}";
            for (Future<Answer> answer : send(gateway, requests, json, new AtomicInteger())) {
                assertThat(answer.get(30, TimeUnit.SECONDS).status()).isEqualTo(200);
            }
        }
        long first = llm01.stats().requests("/v1/chat/completions");
        long second = llm02.stats().requests("/v1/chat/completions");

        assertThat(first + second).isEqualTo(requests);
        assertThat((double) first / requests).isBetween(2 / 3d * 0.9, 2 / 3d * 1.1);
    }

    @Test
    void aServerThatDiesUnderLoadLosesNoRequestThatHadNotBegunToAnswer() throws Exception {
        try (TestGateway gateway = TestGateway.start("""
                backends: {a: {url: "%s"}, b: {url: "%s"}}
                models: {both: {balance: weight, targets: [{backend: a, model: phi3}, {backend: b, model: phi3}]}}
                """.formatted(llm01.url(), llm02.url()))) {
            AtomicInteger done = new AtomicInteger();
            List<Future<Answer>> answers =
                    send(gateway, 900, "{'model': 'both', 'messages': [{'role': 'user', 'content': 'hi'}]}", done);
            Await.until(
                    Duration.ofSeconds(20),
                    "load on both",
                    () -> done.get() > 300 && llm01.stats().inFlight() > 4);
            long atTheEnd = llm02.stats().requests("/v1/chat/completions");
            llm01.close();

            List<Answer> failed = new ArrayList<>();
            for (Future<Answer> future : answers) {
                Answer answer = future.get(30, TimeUnit.SECONDS);
                if (answer.status() != 200 || !answer.body().contains("finish_reason")) {
                    failed.add(answer);
                }
            }
            assertThat(failed).isEmpty();
            assertThat(llm02.stats().requests("/v1/chat/completions")).isGreaterThan(atTheEnd);
            Await.until(
                    Duration.ofSeconds(60), "a is down", () -> gateway.metric("weir_backend_up{backend=\"a\",}") == 0);
        }
    }
}
