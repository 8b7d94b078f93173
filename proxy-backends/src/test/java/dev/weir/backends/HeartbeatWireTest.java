package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the client of a stream hears while it waits for the first token. */
class HeartbeatWireTest {
    private static final String ROLE =
            "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}";

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture().heartbeatMillis(30);

    private final ScriptedBackend backend = gateway.backend("a");
    private final CountDownLatch heard = new CountDownLatch(1);

    private RawClient askAndHear() {
        gateway.start();
        RawClient client = gateway.ask();
        hear(client);
        return client;
    }

    private void hear(RawClient client) {
        RawResponse head = client.readHead();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
        assertThat(client.readSseEvent()).matches(": weir( queue=1 wait=[0-9]+s)?");
        heard.countDown();
    }

    /** Lets time pass in which several comments would be sent. */
    private static void staySilent() throws InterruptedException {
        assertThat(new CountDownLatch(1).await(150, TimeUnit.MILLISECONDS)).isFalse();
    }

    /** The next event that is no comment. */
    private static String nextEvent(RawClient client) {
        String event = client.readSseEvent();
        while (event != null && event.startsWith(":")) {
            event = client.readSseEvent();
        }
        return String.valueOf(event);
    }

    @Test
    void commentsComeBeforeTheBackendsHeadWhichIsSwallowed() {
        backend.enqueue((request, peer) -> {
            heard.await();
            Script.sseChat(2).run(request, peer);
        });

        RawClient client = askAndHear();

        assertThat(nextEvent(client)).contains("word0");
        assertThat(client.readSseEvent()).contains("word1");
        assertThat(client.readSseEvent()).isEqualTo("data: [DONE]");
        assertThat(client.readSseEvent()).isNull();
        assertThat(client.bodyComplete()).isTrue();
    }

    @Test
    void commentsGoOnBehindTheRoleAndEndWithTheFirstToken() {
        CountDownLatch heardAgain = new CountDownLatch(1);
        CountDownLatch token = new CountDownLatch(1);
        backend.enqueue((request, peer) -> {
            peer.startSse();
            peer.sse(ROLE);
            heardAgain.await();
            peer.sse(Script.chatEvent("one"));
            token.await();
            staySilent();
            peer.sse(Script.chatEvent("two"));
            peer.endSse();
        });
        gateway.start();
        RawClient client = gateway.ask();
        client.readHead();

        assertThat(nextEvent(client)).contains("role");
        assertThat(client.readSseEvent()).matches(": weir( queue=1 wait=[0-9]+s)?");
        heardAgain.countDown();
        assertThat(nextEvent(client)).contains("one");
        token.countDown();
        assertThat(client.readSseEvent()).contains("two");
        assertThat(client.readSseEvent()).isEqualTo("data: [DONE]");
    }

    @Test
    void anErrorThatComesLaterIsAnEventWithItsMessage() {
        backend.enqueue((request, peer) -> {
            heard.await();
            peer.respond(400, "{\"error\":{\"message\":\"prompt too long\"}}", "content-type: application/json");
        });

        RawClient client = askAndHear();

        assertThat(nextEvent(client)).startsWith("data: {\"error\":{\"message\":\"prompt too long\"");
        assertThat(client.readSseEvent()).isNull();
    }

    @Test
    void aPlainAnswerThatComesLaterIsAnErrorEvent() {
        backend.enqueue((request, peer) -> {
            heard.await();
            peer.json("{\"choices\": []}");
        });

        assertThat(nextEvent(askAndHear())).contains("without an event stream");
    }

    @Test
    void anotherTargetStillAnswersAfterTheFirstComment() {
        AtomicBoolean failed = new AtomicBoolean();
        Script once = (request, peer) -> {
            heard.await();
            if (failed.compareAndSet(false, true)) {
                peer.close();
            } else {
                Script.sseChat(1).run(request, peer);
            }
        };
        backend.onRequest(once);
        gateway.backend("b").onRequest(once);

        RawClient client = askAndHear();

        assertThat(nextEvent(client)).contains("word0").doesNotContain("error");
    }

    @Test
    void theHeadNamesWhoIsAskedAndNothingHasToBeCorrected() {
        backend.enqueue((request, peer) -> {
            heard.await();
            Script.sseChat(1).run(request, peer);
        });
        gateway.start();
        RawClient client = gateway.ask();

        RawResponse head = client.readHead();

        assertThat(head.header("x-weir-backend")).isEqualTo("a");
        assertThat(head.header("x-weir-model")).isEqualTo("m");
        heard.countDown();
        assertThat(rest(client)).contains("word0").doesNotContain("backend=");
    }

    private static String rest(RawClient client) {
        StringBuilder all = new StringBuilder();
        for (String event = client.readSseEvent(); event != null; event = client.readSseEvent()) {
            all.append(event).append('\n');
        }
        return all.toString();
    }

    @Test
    void aFallbackThatTakesOverIsNamedInAComment() {
        ScriptedBackend other = gateway.backend("b");
        gateway.model("m", List.of("stand-in"), "a").model("stand-in", "b");
        backend.onRequest((request, peer) -> {
            heard.await();
            peer.close();
        });
        other.onRequest(Script.sseChat(1));
        gateway.start();
        RawClient client = gateway.ask();
        RawResponse head = client.readHead();
        assertThat(head.header("x-weir-backend")).isEqualTo("a");
        assertThat(head.header("x-weir-model")).isEqualTo("m");

        heard.countDown();

        String rest = rest(client);
        assertThat(rest).contains("word0").contains(": weir backend=b model=stand-in\n");
        assertThat(rest.indexOf("backend=b")).isLessThan(rest.indexOf("data:"));
    }

    @Test
    void whoWaitsInTheQueueIsToldTheModelAndLaterTheBackend() {
        ScriptedBackend busy = gateway.backend("c", spec -> spec.maxInFlight(1));
        CountDownLatch release = new CountDownLatch(1);
        busy.onRequest((request, peer) -> {
            release.await();
            Script.sseChat(1).run(request, peer);
        });
        gateway.model("m", "c").start();
        RawClient first = gateway.ask();
        busy.awaitRequest(1);
        RawClient second = gateway.ask();

        RawResponse head = second.readHead();
        release.countDown();

        assertThat(head.header("x-weir-model")).isEqualTo("m");
        assertThat(head.header("x-weir-backend")).isNull();
        first.readHead();
        assertThat(rest(second)).contains(": weir backend=c model=m\n").contains("word0");
        assertThat(rest(first)).contains("word0");
    }

    @Test
    void whoWaitsInTheQueueHearsToo() {
        ScriptedBackend busy = gateway.backend("c", spec -> spec.maxInFlight(1));
        CountDownLatch release = new CountDownLatch(1);
        busy.onRequest((request, peer) -> {
            release.await();
            Script.sseChat(1).run(request, peer);
        });
        gateway.model("m", "c").start();
        RawClient first = gateway.ask();
        busy.awaitRequest(1);
        RawClient second = gateway.ask();

        hear(second);
        release.countDown();

        first.readHead();
        assertThat(nextEvent(first)).contains("word0");
        assertThat(nextEvent(second)).contains("word0");
    }

    @Test
    void aRequestWithoutStreamHearsNothing() {
        backend.enqueue((request, peer) -> {
            staySilent();
            peer.json("{}");
        });
        gateway.start();

        RawResponse response = RawClient.post(gateway.port(), GatewayFixture.CHAT, "{\"model\": \"m\"}");

        assertThat(response.text()).isEqualTo("{}");
    }

    @Test
    void anErrorBeforeTheFirstCommentKeepsItsStatus() {
        backend.enqueue(Script.status(400));
        gateway.heartbeatMillis(60_000).start();

        assertThat(gateway.post().status()).isEqualTo(400);
    }

    @Test
    void theBackendIsLeftWhenTheClientGoesAfterAComment() {
        backend.enqueue(Script.neverAnswers());
        RawClient client = askAndHear();

        client.close();

        gateway.awaitNothingInFlight();
        assertThat(gateway.events().count("cancelled a")).isEqualTo(1);
    }

    @Test
    void nobodyToServeAfterACommentIsAnErrorEvent() {
        backend.onRequest((request, peer) -> {
            heard.await();
            peer.close();
        });

        assertThat(nextEvent(askAndHear())).startsWith("data: {\"error\"");
    }
}
