package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Loading, eviction and slots, with a clock of the test's own. */
class ModelShelfTest {
    private final SimOptions.Builder options = SimOptions.builder().models("a", "b", "c");

    private long nowNanos = 1;
    private final List<Slot> granted = new ArrayList<>();

    private ModelShelf shelf(SimOptions options) {
        return new ModelShelf(options, () -> nowNanos);
    }

    private Slot ask(ModelShelf shelf, String name) {
        return ask(shelf, name, Slot.Wish.NONE);
    }

    private Slot ask(ModelShelf shelf, String name, Slot.Wish wish) {
        return shelf.acquire(Objects.requireNonNull(shelf.find(name)), wish, granted::add);
    }

    private static List<String> loaded(ModelShelf shelf) {
        return shelf.loadedModels().stream().map(entry -> entry.model().name()).toList();
    }

    @Test
    void firstUseWaitsForLoadingAndTheNextDoesNot() {
        ModelShelf shelf = shelf(options.loadTime(Duration.ofSeconds(2)).build());
        assertThat(ask(shelf, "a").readyAtNanos()).isEqualTo(2_000_000_001L);
        nowNanos = 3_000_000_000L;
        assertThat(ask(shelf, "a").readyAtNanos()).isLessThan(nowNanos);
    }

    @Test
    void leastRecentlyUsedModelMakesRoom() {
        ModelShelf shelf = shelf(options.maxLoaded(2).build());
        shelf.release(ask(shelf, "a"));
        shelf.release(ask(shelf, "b"));
        shelf.release(ask(shelf, "a"));
        shelf.release(ask(shelf, "c"));

        assertThat(loaded(shelf)).containsExactly("a:latest", "c:latest");
    }

    @Test
    void runningModelIsNotEvicted() {
        ModelShelf shelf = shelf(options.maxLoaded(1).build());
        Slot running = ask(shelf, "a");
        Slot waiting = ask(shelf, "b");
        assertThat(granted).containsExactly(running);

        shelf.release(running);
        assertThat(granted).containsExactly(running, waiting);
        assertThat(loaded(shelf)).containsExactly("b:latest");
    }

    @Test
    void requestThatWaitsForLoadingHoldsBackThoseBehindIt() {
        ModelShelf shelf = shelf(options.maxLoaded(1).build());
        Slot first = ask(shelf, "a");
        Slot other = ask(shelf, "b");
        Slot again = ask(shelf, "a");
        assertThat(granted).containsExactly(first);

        shelf.release(first);
        shelf.release(other);
        assertThat(granted).containsExactly(first, other, again);
    }

    @Test
    void slotsBoundWhatRunsAtOncePerModel() {
        ModelShelf shelf = shelf(options.parallel(1).build());
        Slot first = ask(shelf, "a");
        Slot second = ask(shelf, "a");
        Slot third = ask(shelf, "a");
        Slot other = ask(shelf, "b");
        assertThat(granted).containsExactly(first, other);

        shelf.release(second);
        shelf.release(first);
        shelf.release(first);
        assertThat(granted).containsExactly(first, other, third);
    }

    @Test
    void modelIsUnloadedWhenItsTimeIsOver() {
        ModelShelf shelf = shelf(options.build());
        shelf.release(ask(shelf, "a", new Slot.Wish(TimeUnit.SECONDS.toNanos(10), 0)));
        shelf.release(ask(shelf, "b", new Slot.Wish(-1, 0)));
        assertThat(loaded(shelf)).containsExactly("a:latest", "b:latest");

        nowNanos += TimeUnit.DAYS.toNanos(1);
        assertThat(loaded(shelf)).containsExactly("b:latest");
    }

    @Test
    void otherContextLengthLoadsAgain() {
        ModelShelf shelf = shelf(options.loadTime(Duration.ofSeconds(1)).build());
        shelf.release(ask(shelf, "a"));
        nowNanos += TimeUnit.SECONDS.toNanos(5);
        Slot same = ask(shelf, "a");
        Slot longer = ask(shelf, "a", new Slot.Wish(-1, 8192));
        assertThat(granted).doesNotContain(longer);

        shelf.release(same);
        assertThat(longer.readyAtNanos()).isGreaterThan(nowNanos);
        assertThat(shelf.loadedModels())
                .extracting(ModelShelf.LoadedModel::contextLength)
                .containsExactly(8192);
    }

    @Test
    void fullQueueIsRefused() {
        ModelShelf shelf = shelf(options.parallel(1).maxQueue(1).build());
        Slot running = ask(shelf, "a");
        Slot waiting = ask(shelf, "a");

        assertThatThrownBy(() -> ask(shelf, "a")).hasMessageContaining("maximum pending requests exceeded");
        shelf.release(running);
        assertThat(granted).containsExactly(running, waiting);
    }
}
