package dev.weir.server.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what is wrong, so that all of it can be reported at once. Not thread-safe. */
public final class Problems {
    private final List<Problem> found = new ArrayList<>();

    public void add(Problem problem) {
        found.add(problem);
    }

    void add(Location location, String message) {
        add(location, message, null);
    }

    void add(Location location, String message, @Nullable String hint) {
        found.add(new Problem(location, message, hint));
    }

    public boolean isEmpty() {
        return found.isEmpty();
    }

    /** The problems in the order of the file. One that several merges of the same text have met stands here once. */
    public List<Problem> list() {
        return found.stream()
                .distinct()
                .sorted(Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column))
                .toList();
    }
}
