package dev.weir.backends;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Notes what happens to backends, as {@code "what backend"}. */
final class RecordingEvents implements BackendEvents {
    private final List<String> seen = new CopyOnWriteArrayList<>();

    @Override
    public void retried(Backend backend) {
        seen.add("retried " + backend.name());
    }

    @Override
    public void fellBack(String from, String to) {
        seen.add("fell back " + from + " " + to);
    }

    @Override
    public void ejected(Backend backend) {
        seen.add("ejected " + backend.name());
    }

    @Override
    public void checked(Backend backend, boolean up) {
        seen.add((up ? "up " : "down ") + backend.name());
    }

    @Override
    public void failed(Backend backend, String reason) {
        seen.add("failed " + backend.name() + " " + reason);
    }

    @Override
    public void cancelled(Backend backend) {
        seen.add("cancelled " + backend.name());
    }

    List<String> seen() {
        return List.copyOf(seen);
    }

    long count(String event) {
        return seen.stream().filter(event::equals).count();
    }
}
