package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.testing.Await;
import dev.weir.testing.BackendPeer;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Two clients ask the same of a backend with one slot, and the one whose request reached it leaves: what the backend, limits,
 * usage and audit have of it.
 */
class LeaderLeavesTest {
    private static final String ASK = "{'model': 'vectors', 'input': 'a weir'}";
    private static final String VECTORS = TestGateway.quoted("{'object': 'list', 'data': [{'index': 0, "
            + "'embedding': [0.25, -1]}], 'usage': {'prompt_tokens': 7, 'total_tokens': 7}}");
    private static final String CANCELS = "weir_cancels_total{backend=\"one\",}";
    private static final String OUTCOMES = "weir_exchanges_total{outcome=\"client_left\",}";

    private final Queue<Script> answers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger asked = new AtomicInteger();
    private final FakeBackend backend = FakeBackend.start().onRequest(this::answer);
    private final CountDownLatch go = new CountDownLatch(1);
    private final TestGateway gateway = TestGateway.start("""
            backends: {one: {url: "%s", kind: openai, max_in_flight: 1}}
            backend_defaults: {timeouts: {first_byte: 2s}}
            models: {vectors: {targets: [{backend: one, model: vectors}]}}
            middleware: {audit: {bodies: true}}
            discover_models: false
            """.formatted(backend.url()));
    private final RawClient leader = RawClient.connect(gateway.port());
    private final RawClient follower = RawClient.connect(gateway.port());

    @AfterEach
    void stop() {
        leader.close();
        follower.close();
        try {
            Await.until("no exchange is left", () -> gateway.metric("weir_in_flight") == 1);
            assertThat(gateway.metric("weir_backend_in_flight{backend=\"one\",}"))
                    .isZero();
        } finally {
            gateway.close();
            backend.close();
        }
    }

    /** Checks of the backend's health are answered at once. */
    private void answer(ReceivedRequest request, BackendPeer peer) throws Exception {
        if (request.target().equals("/v1/embeddings")) {
            asked.incrementAndGet();
            Objects.requireNonNull(answers.poll()).run(request, peer);
        } else {
            peer.json("{}");
        }
    }

    private static void ask(RawClient client, String id) {
        client.sendRequest(
                "POST /v1/embeddings",
                TestGateway.quoted(ASK),
                "authorization: Bearer " + TestGateway.KEY,
                "x-request-id: " + id);
    }

    /** The leader asks and is heard, the follower waits, the leader leaves. */
    private void leave(Script... scripts) {
        answers.addAll(List.of(scripts));
        ask(leader, "r-leader");
        Await.until("the backend is asked", () -> asked.get() == 1);
        ask(follower, "r-follower");
        // And the one that asks for the metric.
        Await.until("both are in flight", () -> gateway.metric("weir_in_flight") == 3);
        double before = gateway.metric("weir_client_connections");
        leader.reset();
        Await.until("the leader is gone", () -> gateway.metric("weir_client_connections") < before);
    }

    private void answerWhenTold(BackendPeer peer) {
        try {
            assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        peer.json(VECTORS);
    }

    @Test
    void theFollowerHasTheAnswerAndTheLeaderPaysForIt() {
        leave((request, peer) -> answerWhenTold(peer));
        assertThat(gateway.metric("weir_backend_in_flight{backend=\"one\",}")).isEqualTo(1);
        go.countDown();

        RawResponse answer = follower.readResponse();
        assertThat(answer.text()).isEqualTo(VECTORS);
        assertThat(answer.header("x-weir-cache")).isEqualTo("hit");
        assertThat(asked).hasValue(1);
        Await.until("the leader's exchange is over", () -> gateway.metric(OUTCOMES) == 1);
        JsonNode record = audit("r-leader");
        assertThat(record.path("tokens").asInt()).isEqualTo(7);
        assertThat(record.path("tokens_estimated").asBoolean()).isFalse();
        assertThat(record.path("response_body").asText()).isEqualTo(VECTORS);
        assertThat(audit("r-follower").path("tokens").asInt()).isZero();
        assertThat(gateway.metric(CANCELS))
                .as("cancels, of which none was ever counted")
                .isNaN();
    }

    private JsonNode audit(String id) {
        return json(gateway.send(
                "GET", "/management/audit/" + id, "", "authorization", "Bearer " + TestGateway.MANAGEMENT_KEY));
    }

    @Test
    void theBackendSeesTheCloseWhenTheFollowerLeavesToo() throws InterruptedException {
        CountDownLatch gone = new CountDownLatch(1);
        leave((request, peer) -> {
            peer.awaitClientGone(Duration.ofSeconds(20));
            gone.countDown();
        });
        assertThat(gone.getCount()).isEqualTo(1);
        follower.reset();

        assertThat(gone.await(1_500, TimeUnit.MILLISECONDS))
                .as("before a time limit could close it")
                .isTrue();
        Await.until("both are over", () -> gateway.metric(OUTCOMES) == 2);
        assertThat(gateway.metric(CANCELS)).isEqualTo(1);
    }

    @Test
    void theFollowerAsksAnewWhenTheBackendDies() {
        leave(
                (request, peer) -> {
                    peer.sendRaw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{");
                    Await.until("told", () -> go.getCount() == 0);
                    peer.reset();
                },
                (request, peer) -> peer.json(VECTORS));
        go.countDown();

        expectItsOwnAnswer();
    }

    @Test
    void theFollowerAsksAnewWhenTheBackendIsTooSlow() {
        leave(Script.neverAnswers(), (request, peer) -> peer.json(VECTORS));
        expectItsOwnAnswer();
    }

    private void expectItsOwnAnswer() {
        RawResponse answer = follower.readResponse();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo(VECTORS);
        assertThat(answer.header("x-weir-cache")).isEqualTo("miss");
        assertThat(asked).hasValue(2);
    }
}
