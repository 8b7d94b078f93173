package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Transport;
import dev.weir.testing.Await;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueuePlaceTest {
    private final Transport transport = Transport.of("nio");
    private final EventLoopGroup loops = transport.eventLoops(4, "queue-loop");

    @AfterEach
    void stopLoops() throws InterruptedException {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
    }

    private static Backend backend(String name, int maxInFlight) throws Exception {
        BackendSpec spec = new SpecBuilder(name, "http://127.0.0.1:1")
                .maxInFlight(maxInFlight)
                .eject(3, 1, 1)
                .build();
        return new Backend(spec, new Connector(Transport.of("nio"), spec));
    }

    private static BackendGroup group(int queueMax, long queueMillis, Backend... backends) {
        List<Target> targets = new ArrayList<>();
        for (Backend backend : backends) {
            targets.add(new Target(backend, "served", 1));
        }
        return new BackendGroup(
                "m", targets, new BackendGroup.Settings(2, 20, 10, queueMax, queueMillis), BackendEvents.NONE);
    }

    /** Notes that it was woken. */
    private static final class Sleeper implements WaitQueue.Waiter {
        private int woken;
        private final List<Backend> tried;

        Sleeper(Backend... tried) {
            this.tried = List.of(tried);
        }

        @Override
        public boolean accepts(Backend backend) {
            return !tried.contains(backend);
        }

        @Override
        public void wake(Backend backend) {
            woken++;
        }
    }

    @Test
    void isFirstComeFirstServedAndWhoGoesBackHasItsOldPlace() throws Exception {
        Backend a = backend("a", 1);
        WaitQueue queue = new WaitQueue(List.of(a), 8);
        Sleeper first = new Sleeper();
        Sleeper second = new Sleeper();
        long ticket = queue.enter(first);
        queue.enter(second);

        queue.slotFreed(a);
        queue.reenter(ticket, first);
        queue.slotFreed(a);

        assertThat(first.woken).isEqualTo(2);
        assertThat(second.woken).isZero();
        assertThat(queue.size()).isEqualTo(1);
    }

    @Test
    void passesOverWhomTheSlotDoesNotHelp() throws Exception {
        Backend a = backend("a", 1);
        WaitQueue queue = new WaitQueue(List.of(a), 8);
        Sleeper triedA = new Sleeper(a);
        Sleeper other = new Sleeper();
        queue.enter(triedA);
        queue.enter(other);

        queue.slotFreed(a);

        assertThat(triedA.woken).isZero();
        assertThat(other.woken).isEqualTo(1);
    }

    @Test
    void isKnownToItsBackendsOnlyWhileSomebodyWaits() throws Exception {
        Backend a = backend("a", 1);
        WaitQueue queue = new WaitQueue(List.of(a), 1);
        long ticket = queue.enter(new Sleeper());

        assertThat(a.waiting()).containsExactly(queue);
        assertThat(queue.enter(new Sleeper())).isEqualTo(WaitQueue.FULL);
        queue.leave(ticket);
        assertThat(a.waiting()).isEmpty();
    }

    /** One that wants a slot, holds it for a moment and tells when it is through, for good or ill. */
    private static final class Guest implements QueuePlace.Guest {
        private final BackendGroup group;
        private final EventLoop loop;
        private final Asker asker = new Asker("", Asker.NO_AFFINITY);
        private final QueuePlace place;
        private final AtomicInteger finished;
        private final AtomicInteger served;
        private final long leaveAfterMicros;
        private final Lease.Verdict verdict;
        private boolean over;

        Guest(
                BackendGroup group,
                EventLoop loop,
                List<Backend> tried,
                long leaveAfterMicros,
                Lease.Verdict verdict,
                AtomicInteger finished,
                AtomicInteger served) {
            this.group = group;
            this.loop = loop;
            tried.forEach(asker::tried);
            this.leaveAfterMicros = leaveAfterMicros;
            this.verdict = verdict;
            this.place = new QueuePlace(group, asker, loop, this);
            this.finished = finished;
            this.served = served;
        }

        void start() {
            loop.execute(() -> {
                if (leaveAfterMicros > 0) {
                    loop.schedule(this::leave, leaveAfterMicros, TimeUnit.MICROSECONDS);
                }
                if (group.queue().isEmpty() && group.choose(asker) instanceof Lease lease) {
                    use(lease);
                } else if (!place.enter()) {
                    finish();
                }
            });
        }

        @Override
        public void slotMayBeFree() {
            Choice choice = group.choose(asker);
            if (choice instanceof Lease lease) {
                place.leave();
                use(lease);
            } else if (choice == Choice.None.BUSY) {
                place.waitOn();
            } else {
                leave();
            }
        }

        @Override
        public void crowdedOut() {
            leave();
        }

        private void leave() {
            if (!over) {
                place.leave();
                finish();
            }
        }

        private void use(Lease lease) {
            over = true;
            served.incrementAndGet();
            loop.schedule(
                    () -> {
                        lease.release(verdict);
                        finished.incrementAndGet();
                    },
                    50,
                    TimeUnit.MICROSECONDS);
        }

        private void finish() {
            over = true;
            finished.incrementAndGet();
        }
    }

    /**
     * 50,000 requests over four event loops for six slots of three backends, some of which fail, some requests leaving,
     * some with a backend tried before. The wait is a minute: a wake-up lost would show as a test that does not end.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void noWakeUpIsLostAndNoSlotLeaks(long seed) throws Exception {
        Backend[] backends = {backend("a", 1), backend("b", 2), backend("c", 3)};
        BackendGroup group = group(100_000, 60_000, backends);
        Random random = new Random(seed);
        AtomicInteger finished = new AtomicInteger();
        AtomicInteger served = new AtomicInteger();
        int total = 50_000;
        for (int i = 0; i < total; i++) {
            List<Backend> tried = random.nextInt(10) == 0 ? List.of(backends[random.nextInt(3)]) : List.of();
            long leaveAfterMicros = random.nextInt(5) == 0 ? 1 + random.nextInt(3_000) : 0;
            Lease.Verdict verdict = random.nextInt(20) == 0
                    ? Lease.Verdict.FAILED
                    : random.nextInt(20) == 0 ? Lease.Verdict.NOTHING : Lease.Verdict.WORKS;
            new Guest(group, loops.next(), tried, leaveAfterMicros, verdict, finished, served).start();
            int started = i;
            if (started - finished.get() > 500) {
                Await.until(Duration.ofSeconds(20), "requests get through", () -> started - finished.get() < 300);
            }
        }

        Await.until(Duration.ofSeconds(20), "all requests are through", () -> finished.get() == total);
        for (Backend backend : backends) {
            assertThat(backend.inFlight()).isZero();
            assertThat(backend.waiting()).isEmpty();
        }
        assertThat(group.queued()).isZero();
        assertThat(served.get()).isGreaterThan(total / 4);
    }
}
