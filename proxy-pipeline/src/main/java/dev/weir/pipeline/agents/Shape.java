package dev.weir.pipeline.agents;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes of a backend's events those that the client gets: so many content tokens of one choice in each, everything else
 * untouched and in its place. Knows no time. Runs on the event loop.
 */
final class Shape {
    private final int chunkSize;
    private final Deque<Event> ready = new ArrayDeque<>();
    private final List<TokenGroup> groups = new ArrayList<>(1);
    private int tokens;

    /** An event that is ready to go, and the tokens in it. */
    private static final class Event {
        private final byte[] bytes;
        private final int tokens;

        Event(byte[] bytes, int tokens) {
            this.bytes = bytes;
            this.tokens = tokens;
        }
    }

    Shape(int chunkSize) {
        this.chunkSize = chunkSize;
    }

    /** The tokens held, ready or not. */
    int tokens() {
        return tokens;
    }

    /** Whether an event is ready to go. */
    boolean isReady() {
        return !ready.isEmpty();
    }

    /** Whether tokens wait for others to go with. */
    boolean hasOpenGroups() {
        for (TokenGroup group : groups) {
            if (group.tokens() > 0) {
                return true;
            }
        }
        return false;
    }

    /** The next event that is ready, or null. */
    byte @Nullable [] next() {
        Event event = ready.poll();
        if (event == null) {
            return null;
        }
        tokens -= event.tokens;
        return event.bytes;
    }

    /** The next event of the backend. */
    void add(byte[] bytes) {
        Delta delta = Delta.of(bytes);
        List<byte[]> split = delta.split();
        if (!split.isEmpty()) {
            split.forEach(this::add);
            return;
        }
        if (delta.isToken()) {
            tokens++;
        }
        if (delta.choice() == Delta.NO_CHOICE) {
            flush();
            ready.add(new Event(bytes, 0));
            return;
        }
        TokenGroup group = group(delta.choice());
        if (delta.isMergeable()) {
            group.add(delta);
            if (group.tokens() == chunkSize) {
                take(group);
            }
        } else if (delta.isToken() && delta.endsChoice() && group.tokens() > 0) {
            int all = group.tokens() + 1;
            ready.add(new Event(group.takeInto(delta), all));
        } else {
            take(group);
            ready.add(new Event(bytes, delta.isToken() ? 1 : 0));
        }
    }

    /** Makes ready what waits for more. */
    void flush() {
        groups.forEach(this::take);
    }

    private void take(TokenGroup group) {
        int held = group.tokens();
        if (held > 0) {
            ready.add(new Event(group.take(), held));
        }
    }

    private TokenGroup group(int choice) {
        for (TokenGroup group : groups) {
            if (group.choice() == choice) {
                return group;
            }
        }
        TokenGroup group = new TokenGroup(choice);
        groups.add(group);
        return group;
    }
}
