package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Transport;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;

class WaitQueueTest {
    private final Backend backend = backend();
    private final WaitQueue queue = new WaitQueue(List.of(backend), 2);
    private final List<String> woken = new ArrayList<>();

    private static Backend backend() {
        BackendSpec spec = BackendSpec.of("b", "http://127.0.0.1:9", BackendSpec.Kind.OLLAMA);
        try {
            return new Backend(spec, new Connector(Transport.NIO, spec));
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    private WaitQueue.Waiter waiter(String name) {
        return waiter(name, "");
    }

    private WaitQueue.Waiter waiter(String name, String identity) {
        return new WaitQueue.Waiter() {
            @Override
            public String identity() {
                return identity;
            }

            @Override
            public void displaced() {
                woken.add(name + " displaced");
            }

            @Override
            public boolean accepts(Backend free) {
                return true;
            }

            @Override
            public void wake(Backend free) {
                woken.add(name);
            }
        };
    }

    @Test
    void whoCameFirstIsServedFirst() {
        queue.enter(waiter("a"));
        queue.enter(waiter("b"));

        queue.slotFreed(backend);
        queue.slotFreed(backend);

        assertThat(woken).containsExactly("a", "b");
    }

    @Test
    void aFullQueueTakesNobodyElse() {
        queue.enter(waiter("a"));
        queue.enter(waiter("b"));

        assertThat(queue.enter(waiter("c"))).isEqualTo(WaitQueue.FULL);
        assertThat(queue.size()).isEqualTo(2);
    }

    @Test
    void whoFoundTheSlotGoneKeepsItsPlaceEvenInAFullQueue() {
        long first = queue.enter(waiter("a"));
        queue.enter(waiter("b"));
        queue.slotFreed(backend);
        queue.enter(waiter("c"));

        queue.reenter(first, waiter("a again"));
        queue.slotFreed(backend);

        assertThat(woken).containsExactly("a", "a again");
    }

    @Test
    void whoLeftIsNotWoken() {
        long gone = queue.enter(waiter("a"));
        queue.enter(waiter("b"));

        queue.leave(gone);
        queue.slotFreed(backend);

        assertThat(woken).containsExactly("b");
    }

    @Test
    void aFreedSlotWithoutWaitersWakesNobody() {
        queue.slotFreed(backend);

        assertThat(woken).isEmpty();
    }

    @Test
    void retryAfterIsBoundedWhateverTheRate() {
        assertThat(queue.retryAfterMillis()).isBetween(1_000L, 60_000L);
    }

    @Test
    void sendersTakeTurnsHoweverManyRequestsEachHas() {
        WaitQueue fair = new WaitQueue(List.of(backend), 100);
        for (int i = 1; i <= 4; i++) {
            fair.enter(waiter("a" + i, "a"));
        }
        fair.enter(waiter("b1", "b"));
        fair.enter(waiter("b2", "b"));
        fair.enter(waiter("c1", "c"));

        for (int i = 0; i < 7; i++) {
            fair.slotFreed(backend);
        }

        assertThat(woken).containsExactly("a1", "b1", "c1", "a2", "b2", "a3", "a4");
    }

    @Test
    void aSenderThatComesAgainAndAgainDoesNotPassThoseWhoWait() {
        WaitQueue fair = new WaitQueue(List.of(backend), 100);
        for (int i = 1; i <= 3; i++) {
            fair.enter(waiter("a" + i, "a"));
        }
        for (int i = 1; i <= 3; i++) {
            fair.enter(waiter("b" + i, "b"));
            fair.slotFreed(backend);
            fair.slotFreed(backend);
        }

        assertThat(woken).containsExactly("a1", "b1", "a2", "b2", "a3", "b3");
    }

    @Test
    void aFullQueueTakesAPlaceFromWhoHasMostForWhoHasFew() {
        WaitQueue fair = new WaitQueue(List.of(backend), 3);
        for (int i = 1; i <= 3; i++) {
            fair.enter(waiter("a" + i, "a"));
        }

        assertThat(fair.enter(waiter("b1", "b"))).isNotEqualTo(WaitQueue.FULL);
        assertThat(fair.enter(waiter("a4", "a"))).isEqualTo(WaitQueue.FULL);
        assertThat(fair.enter(waiter("b2", "b"))).isEqualTo(WaitQueue.FULL);

        assertThat(woken).containsExactly("a3 displaced");
        assertThat(fair.size()).isEqualTo(3);
    }

    @Test
    void placesAreCountedFromOne() {
        long first = queue.enter(waiter("a"));
        long second = queue.enter(waiter("b"));

        assertThat(queue.position(first)).isEqualTo(1);
        assertThat(queue.position(second)).isEqualTo(2);
    }

    @Test
    void whoHasAHigherPriorityHasAClaimUntilItHasLooked() {
        WaitQueue high = new WaitQueue(List.of(backend), 3, 5, any -> true);
        assertThat(backend.isClaimed(0)).isFalse();
        high.enter(waiter("a"));
        assertThat(backend.isClaimed(0)).isTrue();
        assertThat(backend.isClaimed(5)).isFalse();

        high.slotFreed(backend);
        assertThat(backend.isClaimed(0)).isTrue();
        high.answered();

        assertThat(backend.isClaimed(0)).isFalse();
    }

    @Test
    void lowerPrioritiesAreWokenWhenNobodyWithAHigherOneWaits() {
        WaitQueue high = new WaitQueue(List.of(backend), 3, 5, any -> true);
        high.enter(waiter("high"));
        queue.enter(waiter("low"));
        high.slotFreed(backend);
        woken.clear();

        high.answered();

        assertThat(woken).containsExactly("low");
    }
}
