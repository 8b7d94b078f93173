package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Await;
import dev.weir.testing.BlackHole;
import dev.weir.testing.RawClient;
import dev.weir.testing.Script;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A drain and a reload that meets an attempt in each of its states: whoever was let in gets the whole answer. */
class DrainAndReloadWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final CountDownLatch goOn = new CountDownLatch(1);
    private final CompletableFuture<Boolean> drained = new CompletableFuture<>();

    /** What meets the attempt. */
    enum Meets {
        DRAIN {
            @Override
            void happen(DrainAndReloadWireTest test) {
                test.drainInBackground();
            }
        },
        /** The backend is gone from the new configuration. */
        RELOAD {
            @Override
            void happen(DrainAndReloadWireTest test) {
                test.gateway.backend("other");
                test.gateway.without("a").model("m", "other").reload();
            }
        };

        abstract void happen(DrainAndReloadWireTest test);
    }

    private void drainInBackground() {
        Thread drain = new Thread(() -> {
            try {
                drained.complete(gateway.server().drain(Duration.ZERO, Duration.ofSeconds(20)));
            } catch (InterruptedException e) {
                drained.completeExceptionally(e);
            }
        });
        drain.start();
        Await.until("the listener is closed", () -> {
            try {
                RawClient.connect(gateway.port()).close();
                return false;
            } catch (RuntimeException | AssertionError refused) {
                return true;
            }
        });
    }

    @AfterEach
    void letGo() {
        goOn.countDown();
    }

    private void assertDrainedCleanly(Meets meets) {
        if (meets == Meets.DRAIN) {
            assertThat(drained.orTimeout(15, TimeUnit.SECONDS).join()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoWaitsInTheQueueIsServed(Meets meets) {
        ScriptedBackend backend = gateway.backend("a", spec -> spec.maxInFlight(1));
        backend.enqueue(
                (request, peer) -> {
                    goOn.await();
                    peer.json("{\"turn\": 1}");
                },
                Script.ok("{\"turn\": 2}"));
        gateway.start();
        RawClient first = gateway.ask();
        backend.awaitRequest(1);
        RawClient queued = gateway.ask();
        BackendGroup group = gateway.group("m");
        gateway.awaitQueued("m", 1);

        meets.happen(this);
        assertThat(group.queued()).isEqualTo(1);
        goOn.countDown();

        assertThat(first.readResponse().text()).contains("1");
        assertThat(queued.readResponse().text()).contains("2");
        assertDrainedCleanly(meets);
    }

    @ParameterizedTest
    @EnumSource
    void whoIsBeingConnectedIsAnsweredByTheNextTarget(Meets meets) {
        try (BlackHole hole = BlackHole.open()) {
            gateway.spec(new SpecBuilder("hole", "http://127.0.0.1:" + hole.port())
                    .connectMillis(2_000)
                    .weight(1_000)
                    .build());
            gateway.backend("a").onRequest(Script.ok("{\"from\": \"a\"}"));
            gateway.start();
            RawClient client = gateway.ask();
            Await.until("it is connecting", () -> gateway.seen("hole").inFlight() == 1);

            meets.happen(this);

            assertThat(client.readResponse().text()).contains("\"a\"");
            assertDrainedCleanly(meets);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoWaitsForTheHeadGetsTheAnswer(Meets meets) {
        ScriptedBackend backend = gateway.backend("a");
        backend.onRequest((request, peer) -> {
            goOn.await();
            peer.json("{\"late\": true}");
        });
        gateway.start();
        RawClient client = gateway.ask();
        backend.awaitRequest(1);

        meets.happen(this);
        goOn.countDown();

        assertThat(client.readResponse().text()).contains("late");
        assertDrainedCleanly(meets);
    }

    @ParameterizedTest
    @EnumSource
    void whoIsInTheMiddleOfAStreamGetsTheRest(Meets meets) {
        gateway.backend("a").onRequest((request, peer) -> {
            peer.startSse();
            peer.sse(Script.chatEvent("one"));
            goOn.await();
            peer.sse(Script.chatEvent("two"));
            peer.sse("[DONE]");
            peer.endChunks();
        });
        gateway.start();
        RawClient client = gateway.ask();
        client.readHead();
        assertThat(client.readSseEvent()).contains("one");

        meets.happen(this);
        goOn.countDown();

        assertThat(client.readSseEvent()).contains("two");
        assertThat(client.readSseEvent()).contains("[DONE]");
        assertThat(client.readSseEvent()).isNull();
        assertThat(client.bodyComplete()).isTrue();
        assertDrainedCleanly(meets);
    }

    @Test
    void whoIsRetriedDuringADrainStillFindsAnotherTarget() {
        ScriptedBackend failing = gateway.backend("a", spec -> spec.weight(1_000));
        failing.onRequest((request, peer) -> {
            goOn.await();
            Script.resetBeforeHead().run(request, peer);
        });
        gateway.backend("b").onRequest(Script.ok("{\"from\": \"b\"}"));
        gateway.start();
        RawClient client = gateway.ask();
        failing.awaitRequest(1);

        drainInBackground();
        goOn.countDown();

        assertThat(client.readResponse().text()).contains("\"b\"");
        assertThat(drained.orTimeout(15, TimeUnit.SECONDS).join()).isTrue();
    }
}
