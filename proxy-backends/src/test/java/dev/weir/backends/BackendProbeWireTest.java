package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Transport;
import dev.weir.testing.FakeBackend;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Checks of backends: they end in time, and a gateway that stood still blames nobody for it. */
class BackendProbeWireTest {
    private static final long TIMEOUT_MILLIS = 300;

    private final FakeBackend fake = FakeBackend.start();
    private final EventLoopGroup eventLoops = Transport.NIO.eventLoops(1, "probe");
    private final EventLoop loop = eventLoops.next();
    private final BlockingQueue<Integer> results = new LinkedBlockingQueue<>();

    @AfterEach
    void stop() {
        eventLoops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
        fake.close();
    }

    private void probe() throws Exception {
        BackendSpec spec = new SpecBuilder("a", fake.url()).build();
        Backend backend = new Backend(spec, new Connector(Transport.NIO, spec));
        BackendProbe.get(backend, loop, "/v1/models", TIMEOUT_MILLIS, result -> results.add(result.status()));
    }

    private int result() throws InterruptedException {
        Integer status = results.poll(10, TimeUnit.SECONDS);
        assertThat(status).as("a result").isNotNull();
        return status == null ? -1 : status;
    }

    @Test
    void aBackendThatAnswersIsSeenTo() throws Exception {
        probe();

        assertThat(result()).isEqualTo(200);
    }

    @Test
    void aBackendThatIsSilentIsGivenUp() throws Exception {
        fake.onRequest((request, peer) -> peer.stall());

        probe();

        assertThat(result()).isZero();
    }

    @Test
    void anAnswerThatWaitedWhileTheEventLoopStoodStillCounts() throws Exception {
        CountDownLatch stands = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        fake.onRequest((request, peer) -> {
            stands.await();
            peer.json("{}");
            answered.countDown();
        });
        probe();
        fake.awaitRequest(1);

        loop.execute(() -> {
            stands.countDown();
            standStill(answered);
        });

        assertThat(result()).isEqualTo(200);
    }

    /** Until the answer has come and the time for it is long up. */
    private static void standStill(CountDownLatch answered) {
        try {
            assertThat(answered.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(new CountDownLatch(1).await(3 * TIMEOUT_MILLIS, TimeUnit.MILLISECONDS))
                    .isFalse();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
