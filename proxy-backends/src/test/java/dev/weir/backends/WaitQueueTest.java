package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitQueueTest {
    private final WaitQueue queue = new WaitQueue(List.of(), 2);
    private final List<String> woken = new ArrayList<>();

    private WaitQueue.Waiter waiter(String name) {
        return from -> woken.add(name);
    }

    @Test
    void whoCameFirstIsServedFirst() {
        queue.enter(waiter("a"), false);
        queue.enter(waiter("b"), false);

        queue.slotFreed();
        queue.slotFreed();

        assertThat(woken).containsExactly("a", "b");
    }

    @Test
    void aFullQueueTakesNobodyElse() {
        queue.enter(waiter("a"), false);
        queue.enter(waiter("b"), false);

        assertThat(queue.enter(waiter("c"), false)).isFalse();
        assertThat(queue.size()).isEqualTo(2);
    }

    @Test
    void whoFoundTheSlotGoneKeepsItsPlaceEvenInAFullQueue() {
        queue.enter(waiter("b"), false);
        queue.enter(waiter("c"), false);

        assertThat(queue.enter(waiter("a"), true)).isTrue();
        queue.slotFreed();

        assertThat(woken).containsExactly("a");
    }

    @Test
    void whoLeftIsNotWoken() {
        WaitQueue.Waiter gone = waiter("a");
        queue.enter(gone, false);
        queue.enter(waiter("b"), false);

        queue.leave(gone);
        queue.slotFreed();

        assertThat(woken).containsExactly("b");
    }

    @Test
    void aFreedSlotWithoutWaitersWakesNobody() {
        queue.slotFreed();

        assertThat(woken).isEmpty();
    }

    @Test
    void retryAfterIsBoundedWhateverTheRate() {
        assertThat(queue.retryAfterMillis()).isBetween(1_000L, 60_000L);
    }
}
