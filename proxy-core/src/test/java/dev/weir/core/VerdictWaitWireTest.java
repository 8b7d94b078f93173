package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Chains that wait for a verdict made elsewhere: in time, too late, and never. */
final class VerdictWaitWireTest {
    private static final String WHY = "the failure is logged";

    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<Verdict> pending = new CompletableFuture<>();
    private @Nullable TestGateway gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private TestGateway start(Middleware... chain) {
        return start(EngineSettings.DEFAULT, chain);
    }

    private TestGateway start(EngineSettings settings, Middleware... chain) {
        Endpoint endpoint = Endpoint.answering(exchange -> LocalResponse.text(200, "served"));
        TestGateway started = TestGateway.start(settings, TestGateway.client("/a", endpoint, chain));
        gateway = started;
        return started;
    }

    private static EngineSettings awaiting(long millis) {
        return TestGateway.settings(new EngineSettings.Timeouts(10_000, 10_000, 10_000, 10_000, millis));
    }

    private Middleware noting(String name, Verdict verdict) {
        return exchange -> {
            calls.add(name);
            return verdict;
        };
    }

    private static LocalResponse pooledAnswer(String text) {
        return LocalResponse.of(
                200,
                new Headers(),
                PooledByteBufAllocator.DEFAULT.buffer().writeBytes(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void awaitedVerdictMayComeFromAnyThread() {
        TestGateway started = start(noting("first", Verdict.await(pending)), noting("second", Verdict.PROCEED));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /a", "");
            Await.until("the first waits", () -> calls.contains("first"));
            pending.complete(Verdict.PROCEED);
            assertThat(client.readResponse().text()).isEqualTo("served");
        }
        assertThat(calls).containsExactly("first", "second");
    }

    @Test
    void awaitedVerdictMayBeAnotherWait() {
        CompletableFuture<Verdict> inner = new CompletableFuture<>();
        TestGateway started = start(noting("first", Verdict.await(pending)));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /a", "");
            pending.complete(Verdict.await(inner));
            inner.complete(Verdict.respond(pooledAnswer("at last")));
            assertThat(client.readResponse().text()).isEqualTo("at last");
        }
    }

    @Test
    void waitThatIsOverAlreadyCostsNothing() {
        pending.complete(Verdict.await(CompletableFuture.completedFuture(Verdict.PROCEED)));
        TestGateway started = start(noting("first", Verdict.await(pending)), noting("second", Verdict.PROCEED));
        assertThat(RawClient.get(started.port(), "/a").text()).isEqualTo("served");
        assertThat(calls).containsExactly("first", "second");
    }

    @Test
    void failedWaitIsARefusalWhenItsCauseIsOne() {
        pending.completeExceptionally(
                new CompletionException(new GatewayException(GatewayError.STORE_UNAVAILABLE, "store is down")));
        TestGateway started = start(noting("first", Verdict.await(pending)));
        RawResponse answer = RawClient.get(started.port(), "/a");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).contains("store is down");
    }

    @Test
    @AllowsErrors(WHY)
    void failedWaitIsA500() {
        pending.completeExceptionally(new IllegalStateException("the secret"));
        TestGateway started = start(noting("first", Verdict.await(pending)));
        RawResponse answer = RawClient.get(started.port(), "/a");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.text()).doesNotContain("secret");
    }

    @Test
    @AllowsErrors(WHY)
    @SuppressWarnings("NullAway") // What a stranger's plug-in may do.
    void waitForNothingIsA500() {
        pending.complete(null);
        TestGateway started = start(noting("first", Verdict.await(pending)), noting("second", Verdict.PROCEED));
        assertThat(RawClient.get(started.port(), "/a").status()).isEqualTo(500);
        assertThat(calls).containsExactly("first");
    }

    @Test
    void waitHasADeadlineAndTheLateVerdictIsDropped() {
        TestGateway started = start(awaiting(30), noting("first", Verdict.await(pending)));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /a", "");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.header("retry-after")).isEqualTo("1");
            LocalResponse late = pooledAnswer("too late");
            pending.complete(Verdict.respond(late));
            Await.until("the late answer is released", () -> late.body().refCnt() == 0);
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @Test
    void waitWithoutADeadlineGoesOn() {
        TestGateway started = start(awaiting(0), noting("first", Verdict.await(pending)));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /a", "");
            client.expectSilence(Duration.ofMillis(50));
            pending.complete(Verdict.PROCEED);
            assertThat(client.readResponse().text()).isEqualTo("served");
        }
    }

    @Test
    void lateVerdictIsDroppedWhenTheClientHasLeft() {
        TestGateway started = start(noting("first", Verdict.await(pending)), noting("second", Verdict.PROCEED));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /a", "");
            Await.until("the first waits", () -> calls.contains("first"));
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
        LocalResponse late = pooledAnswer("too late");
        pending.complete(Verdict.await(CompletableFuture.completedFuture(Verdict.respond(late))));
        Await.until("the late answer is released", () -> late.body().refCnt() == 0);
        assertThat(calls).containsExactly("first");
    }
}
