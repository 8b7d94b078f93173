package dev.weir.server.sim;

import java.util.function.Consumer;

/** One use of a model: waiting, then running, then released. Its state is guarded by its {@link ModelShelf}. */
final class Slot {
    /** How a request wants its model: how long to keep it afterwards (negative for ever), and the context length. */
    record Wish(long keepAliveNanos, int contextLength) {
        static final long DEFAULT_KEEP_ALIVE_NANOS = 300_000_000_000L;
        static final int DEFAULT_CONTEXT_LENGTH = 4096;
        /** What a request that says nothing gets: a loaded model's context length stays as it is. */
        static final Wish NONE = new Wish(DEFAULT_KEEP_ALIVE_NANOS, 0);
    }

    /** Where a use stands. */
    enum State {
        WAITING,
        RUNNING,
        RELEASED
    }

    final SimModel model;
    final Wish wish;
    final Consumer<Slot> granted;
    State state = State.WAITING;
    long readyAtNanos;

    Slot(SimModel model, Wish wish, Consumer<Slot> granted) {
        this.model = model;
        this.wish = wish;
        this.granted = granted;
    }

    /** When the model is loaded, as {@link System#nanoTime()}; set before the slot is granted. */
    long readyAtNanos() {
        return readyAtNanos;
    }
}
