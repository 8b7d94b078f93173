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
        return new WaitQueue.Waiter() {
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
}
