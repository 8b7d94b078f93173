package dev.weir.pipeline.cache;

import static dev.weir.pipeline.cache.CacheServer.EMBEDDINGS;
import static dev.weir.pipeline.cache.CacheServer.VECTORS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.EngineSettings;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that ask the same at the same time, on connections of three event loops. */
final class SingleFlightWireTest {
    private static final String ASK = "{'model': 'm', 'input': 'a weir'}";

    private CacheServer server = server(Flights.Patience.DEFAULT);
    private final List<RawClient> clients = new ArrayList<>();

    private static CacheServer server(Flights.Patience patience) {
        EngineSettings plain = EngineSettings.DEFAULT;
        EngineSettings.Timeouts limits = plain.timeouts();
        return new CacheServer(
                new EngineSettings(
                        plain.limits(),
                        plain.maxConnections(),
                        plain.maxConnectionsPerAddress(),
                        plain.maxBufferedBytes(),
                        new EngineSettings.Timeouts(
                                limits.headerMillis(),
                                limits.bodyIdleMillis(),
                                limits.keepAliveMillis(),
                                limits.writeStallMillis(),
                                patience.equals(Flights.Patience.DEFAULT) ? limits.awaitMillis() : 2_000),
                        plain.trustedProxies(),
                        plain.allowFrom()),
                CacheSetup.settings(),
                CacheSetup.cache(patience),
                CacheStore.NONE);
    }

    @AfterEach
    void stop() {
        clients.forEach(RawClient::close);
        server.close();
    }

    /** So many requests in flight, of which the first has reached the backend. */
    private Call ask(int count) {
        Call leader = askOne();
        for (int i = 1; i < count; i++) {
            clients.add(server.ask(EMBEDDINGS, ASK));
        }
        server.awaitExchanges(count);
        return leader;
    }

    private Call askOne() {
        clients.add(server.ask(EMBEDDINGS, ASK));
        return server.call();
    }

    private RawResponse answer(int client) {
        return clients.get(client).readResponse();
    }

    @Test
    void manyRequestsAreOneCall() {
        Call leader = ask(12);
        leader.answer(VECTORS);

        assertThat(answer(0).header("x-weir-cache")).isEqualTo("miss");
        for (int i = 1; i < 12; i++) {
            RawResponse follower = answer(i);
            assertThat(follower.header("x-weir-cache")).isEqualTo("hit");
            assertThat(follower.text()).isEqualTo(VECTORS);
        }
        assertThat(server.isBackendAsked()).isFalse();
        assertThat(server.embeddings().shared()).isEqualTo(11);
        assertThat(server.embeddings().misses()).isEqualTo(1);
    }

    @Test
    void aFollowerThatLeavesIsNotMissed() {
        Call leader = ask(3);
        clients.get(1).reset();
        server.awaitExchanges(2);
        leader.answer(VECTORS);

        assertThat(answer(2).header("x-weir-cache")).isEqualTo("hit");
        assertThat(server.embeddings().shared()).isEqualTo(1);
    }

    @Test
    void anErrorIsTheLeadersAlone() {
        Call leader = ask(3);
        leader.answer(503, "{}");
        assertThat(answer(0).status()).isEqualTo(503);
        Call next = server.call();
        assertThat(server.isBackendAsked()).isFalse();
        next.fail();
        server.call().answer(VECTORS);

        List<Integer> statuses = List.of(answer(1).status(), answer(2).status());
        assertThat(statuses).containsExactlyInAnyOrder(502, 200);
    }

    @Test
    void anAnswerThatBreaksOffIsTheLeadersAlone() {
        Call leader = ask(2);
        leader.head(200, "application/json", -1);
        leader.part(VECTORS.substring(0, 5), false);
        leader.fail();
        server.call().answer(VECTORS);

        assertThat(answer(0).complete()).isFalse();
        assertThat(answer(1).text()).isEqualTo(VECTORS);
    }

    @Test
    void whenTheAnswerCannotBeKeptEverybodyAsksAtOnce() {
        Call leader = ask(4);
        leader.head(200, "text/plain", 2);
        for (int i = 0; i < 3; i++) {
            server.call().answer("{}");
        }
        leader.part("ok", true);

        assertThat(answer(0).text()).isEqualTo("ok");
        for (int i = 1; i < 4; i++) {
            assertThat(answer(i).header("x-weir-cache")).isEqualTo("miss");
        }
    }

    @Test
    void aRequestForAFreshAnswerDoesNotWait() {
        Call leader = ask(1);
        clients.add(server.ask(EMBEDDINGS, ASK, "Cache-Control: no-cache"));
        server.call().answer(VECTORS);
        assertThat(answer(1).header("x-weir-cache")).isEqualTo("miss");
        leader.answer(VECTORS);
        answer(0);
    }

    @Test
    void differentQuestionsDoNotWaitForEachOther() {
        Call leader = ask(1);
        clients.add(server.ask(EMBEDDINGS, "{'model': 'm', 'input': 'another'}"));
        server.call().answer(VECTORS);
        assertThat(answer(1).status()).isEqualTo(200);
        leader.answer(VECTORS);
        answer(0);
    }

    @Test
    void whoHasWaitedLongEnoughAsksItself() {
        server.close();
        server = server(new Flights.Patience(30, 10));
        Call leader = ask(3);
        server.call().answer(VECTORS);
        server.call().answer(VECTORS);

        assertThat(answer(1).text()).isEqualTo(VECTORS);
        assertThat(answer(2).text()).isEqualTo(VECTORS);
        leader.answer(VECTORS);
        assertThat(answer(0).text()).isEqualTo(VECTORS);
    }

    @Test
    void aWaitMayBeLongerThanTheEngineAllowsForOne() {
        server.close();
        server = server(new Flights.Patience(60_000, 50));
        Call leader = ask(3);
        long start = System.nanoTime();
        Await.until("longer than one wait", () -> System.nanoTime() - start > TimeUnit.MILLISECONDS.toNanos(3_000));
        leader.answer(VECTORS);

        assertThat(answer(1).text()).isEqualTo(VECTORS);
        assertThat(answer(2).text()).isEqualTo(VECTORS);
    }
}
