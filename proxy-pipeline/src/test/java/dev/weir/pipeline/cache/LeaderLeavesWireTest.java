package dev.weir.pipeline.cache;

import static dev.weir.pipeline.cache.CacheServer.EMBEDDINGS;
import static dev.weir.pipeline.cache.CacheServer.VECTORS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The client whose request reached the backend leaves; others wait for the answer, or nobody does. */
final class LeaderLeavesWireTest {
    private static final String ASK = "{'model': 'm', 'input': 'a weir'}";

    private CacheServer server = server(Flights.Patience.DEFAULT);
    private final List<RawClient> clients = new ArrayList<>();
    private int left;

    private static CacheServer server(Flights.Patience patience) {
        return new CacheServer(CacheSetup.settings(), CacheSetup.cache(patience), CacheStore.NONE);
    }

    @AfterEach
    void stop() {
        clients.forEach(RawClient::close);
        server.close();
    }

    /** So many requests in flight, of which the first has reached the backend. */
    private Call ask(int count) {
        clients.add(server.ask(EMBEDDINGS, ASK));
        Call leader = server.call();
        for (int i = 1; i < count; i++) {
            clients.add(server.ask(EMBEDDINGS, ASK));
        }
        server.awaitExchanges(count);
        return leader;
    }

    /** The first of those who are still there leave. */
    private void leave(int count) {
        for (int i = 0; i < count; i++) {
            clients.get(left++).reset();
        }
        server.awaitClients(clients.size() - left);
    }

    private void expectAnswers(int from, int to) {
        for (int i = from; i < to; i++) {
            RawResponse answer = clients.get(i).readResponse();
            assertThat(answer.text()).isEqualTo(VECTORS);
            assertThat(answer.header("x-weir-cache")).isEqualTo("hit");
        }
    }

    private void expectStored() {
        assertThat(server.hit(EMBEDDINGS, ASK).text()).isEqualTo(VECTORS);
        assertThat(server.isBackendAsked()).isFalse();
        server.awaitExchanges(0);
    }

    @Test
    void beforeTheHeadItsCallGoesOnForTheOthers() {
        Call call = ask(4);
        leave(1);
        server.awaitExchanges(4);
        assertThat(call.cancelled()).isFalse();
        call.answer(VECTORS);

        expectAnswers(1, 4);
        expectStored();
        assertThat(server.embeddings().shared()).isEqualTo(3);
        assertThat(server.embeddings().misses()).isEqualTo(1);
    }

    @Test
    void withinTheBodyItsCallGoesOnForTheOthers() {
        Call call = ask(3);
        call.head(200, "application/json", VECTORS.length());
        call.part(VECTORS.substring(0, 5), false);
        leave(1);
        call.part(VECTORS.substring(5, 9), false);
        call.part(VECTORS.substring(9), true);

        expectAnswers(1, 3);
        expectStored();
    }

    @Test
    void afterItsAnswerItLeavesNothingBehind() {
        ask(2).answer(VECTORS);
        leave(1);
        expectAnswers(1, 2);
        expectStored();
    }

    @Test
    void withNobodyElseItsCallEndsBeforeTheHead() {
        Call call = ask(1);
        leave(1);
        call.awaitCancelled();
        server.awaitExchanges(0);
    }

    @Test
    void withNobodyElseItsCallEndsWithinTheBody() {
        Call call = ask(1);
        call.head(200, "application/json", VECTORS.length());
        call.part(VECTORS.substring(0, 5), false);
        leave(1);
        call.awaitCancelled();
        server.awaitExchanges(0);
    }

    @Test
    void whoComesAfterItLeftGetsTheAnswerToo() {
        Call call = ask(2);
        leave(1);
        clients.add(server.ask(EMBEDDINGS, ASK));
        server.awaitExchanges(3);
        call.answer(VECTORS);

        expectAnswers(1, 3);
        expectStored();
    }

    @Test
    void allButTheLastMayLeave() {
        Call call = ask(5);
        leave(4);
        server.awaitExchanges(2);
        assertThat(call.cancelled()).isFalse();
        call.answer(VECTORS);

        expectAnswers(4, 5);
        expectStored();
    }

    @Test
    void theLastToLeaveEndsTheCall() {
        Call call = ask(3);
        leave(1);
        leave(1);
        assertThat(call.cancelled()).isFalse();
        leave(1);
        call.awaitCancelled();
        server.awaitExchanges(0);
        assertThat(server.isBackendAsked()).isFalse();
    }

    @Test
    void theLastToLeaveEndsTheCallWithinTheBody() {
        Call call = ask(2);
        call.head(200, "application/json", VECTORS.length());
        call.part(VECTORS.substring(0, 5), false);
        leave(2);
        call.awaitCancelled();
        server.awaitExchanges(0);
    }

    @Test
    void followersThatLeaveBeforeItDoNotKeepTheCall() {
        Call call = ask(3);
        clients.get(1).reset();
        clients.get(2).reset();
        server.awaitExchanges(1);
        assertThat(call.cancelled()).isFalse();
        clients.get(0).reset();
        call.awaitCancelled();
        server.awaitExchanges(0);
    }

    @Test
    void whenTheLastLosesPatienceTheCallEndsAndItAsksItself() {
        server.close();
        server = server(new Flights.Patience(3_000, 1_000));
        Call call = ask(2);
        leave(1);
        Call own = server.call();
        call.awaitCancelled();
        own.answer(VECTORS);

        assertThat(clients.get(1).readResponse().header("x-weir-cache")).isEqualTo("miss");
        server.awaitExchanges(0);
    }

    @Test
    void aFailureOfItsCallIsNotSharedBeforeTheHead() {
        Call call = ask(3);
        leave(1);
        call.fail();
        server.call().answer(VECTORS);

        expectOneAskedItself();
    }

    @Test
    void aFailureOfItsCallIsNotSharedWithinTheBody() {
        Call call = ask(3);
        leave(1);
        call.head(200, "application/json", VECTORS.length());
        call.part(VECTORS.substring(0, 5), false);
        call.fail();
        server.call().answer(VECTORS);

        expectOneAskedItself();
    }

    @Test
    void anErrorThatItsCallBroughtIsNotSharedAndNotReadToItsEnd() {
        Call call = ask(3);
        leave(1);
        call.head(500, "application/json", 100);
        Call next = server.call();
        call.awaitCancelled();
        next.answer(VECTORS);

        expectOneAskedItself();
    }

    private void expectOneAskedItself() {
        List<String> results = new ArrayList<>();
        for (RawClient client : clients.subList(1, 3)) {
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo(VECTORS);
            results.add(answer.header("x-weir-cache"));
        }
        assertThat(results).containsExactlyInAnyOrder("miss", "hit");
        expectStored();
    }

    @Test
    void anAnswerThatCannotBeSharedIsNotReadToItsEnd() {
        Call call = ask(3);
        leave(1);
        call.head(200, "text/plain", 100);
        server.call().answer(VECTORS);
        server.call().answer(VECTORS);
        call.awaitCancelled();

        for (int i = 1; i < 3; i++) {
            assertThat(clients.get(i).readResponse().header("x-weir-cache")).isEqualTo("miss");
        }
        server.awaitExchanges(0);
    }

    @Test
    void aDrainWaitsForTheAnswerOfThoseWhoWait() throws Exception {
        Call call = ask(2);
        leave(1);
        CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> server.drain(Duration.ofSeconds(20)));
        call.answer(VECTORS);

        expectAnswers(1, 2);
        assertThat(drained.get(20, TimeUnit.SECONDS)).isTrue();
        server.awaitExchanges(0);
    }

    @Test
    void aDrainCutsTheCallWithThoseWhoWait() {
        Call call = ask(3);
        leave(1);
        assertThat(server.drain(Duration.ofMillis(50))).isFalse();
        call.awaitCancelled();
        assertThat(clients.get(1).readResponse().status()).isEqualTo(503);
        assertThat(clients.get(2).readResponse().status()).isEqualTo(503);
        server.awaitExchanges(0);
    }

    @Test
    void whoeverLeavesAndComesAtOnceNoCallIsLeftBehindAndNobodyIsForgotten() {
        for (int round = 0; round < 100; round++) {
            clients.add(server.ask(EMBEDDINGS, ASK));
            Call call = server.call();
            RawClient follower = server.ask(EMBEDDINGS, ASK);
            if (round % 2 == 0) {
                // One that came late the round before may lead, and be there still.
                server.awaitExchangesAtLeast(2);
            }
            clients.get(0).reset();
            RawClient late = server.ask(EMBEDDINGS, ASK);
            follower.reset();
            late.reset();
            clients.clear();
            server.awaitExchanges(0);
            call.awaitCancelled();
            while (server.isBackendAsked()) {
                server.call().awaitCancelled();
            }
        }
        Await.until("no flight", () -> server.cache().flights().size() == 0);
    }
}
