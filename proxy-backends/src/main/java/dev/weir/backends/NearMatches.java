package dev.weir.backends;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Known names that someone who asked for an unknown one may have meant. Any thread, an event loop too: the work is bounded.
 *
 * <p>Best first: the same name in other case, one typing error, one name beginning with the other, two errors, one name
 * within the other, three errors. Case never counts.
 */
final class NearMatches {
    private static final int MAX_MATCHES = 3;
    private static final int MAX_ERRORS = 3;
    private static final int CHARACTERS_PER_ERROR = 4;
    private static final int MIN_SHARED_LENGTH = 3;

    /** Bounds the comparing to about 2 ms; names that come later only match by how they begin. */
    private static final int MAX_STEPS = 600_000;

    /** Searching one name in another is vectorised: so many comparisons count as one step. */
    private static final int COMPARISONS_PER_STEP = 32;

    /** The kinds of likeness, from the closest; the errors of spelling between them are 1, 3 and 5. */
    private static final int EQUAL = 0;

    private static final int PREFIX = 2;
    private static final int WITHIN = 4;
    private static final int NONE = 6;

    private static final Comparator<Match> BEST_FIRST = Comparator.comparingInt(Match::distance)
            .thenComparingInt(Match::lengthDifference)
            .thenComparing(Match::name);

    private record Match(String name, int distance, int lengthDifference) {}

    private final String wanted;
    private final int[] row = new int[2 * MAX_ERRORS + 1];
    private final List<Match> best = new ArrayList<>(MAX_MATCHES + 1);
    private int steps;

    private NearMatches(String wanted) {
        this.wanted = wanted;
    }

    /** Up to three of {@code known} that resemble {@code unknown}, the likeliest first. */
    static List<String> of(String unknown, Collection<String> known) {
        NearMatches matches = new NearMatches(unknown.toLowerCase(Locale.ROOT));
        known.forEach(matches::consider);
        return matches.best.stream().map(Match::name).toList();
    }

    private void consider(String name) {
        int distance = distance(name.toLowerCase(Locale.ROOT));
        if (distance == NONE) {
            return;
        }
        best.add(new Match(name, distance, Math.abs(name.length() - wanted.length())));
        best.sort(BEST_FIRST);
        if (best.size() > MAX_MATCHES) {
            best.remove(MAX_MATCHES);
        }
    }

    private int distance(String name) {
        if (name.equals(wanted)) {
            return EQUAL;
        }
        String shorter = name.length() < wanted.length() ? name : wanted;
        String longer = name.length() < wanted.length() ? wanted : name;
        int shared = NONE;
        if (shorter.length() >= MIN_SHARED_LENGTH) {
            shared = longer.startsWith(shorter) ? PREFIX : holds(longer, shorter) ? WITHIN : NONE;
        }
        int allowed = Math.min(MAX_ERRORS, shorter.length() / CHARACTERS_PER_ERROR);
        int errors = longer.length() - shorter.length() > allowed ? allowed + 1 : errors(shorter, longer, allowed);
        return errors > allowed ? shared : Math.min(shared, 2 * errors - 1);
    }

    private boolean holds(String longer, String shorter) {
        steps += shorter.length() * (longer.length() - shorter.length()) / COMPARISONS_PER_STEP;
        return steps <= MAX_STEPS && longer.contains(shorter);
    }

    /**
     * How many characters must be inserted, removed or replaced to make one of the other (Levenshtein), or more than
     * {@code allowed}. Looks only at the diagonals that can stay within that, and stops as soon as none does.
     */
    private int errors(String a, String b, int allowed) {
        int start = 0;
        while (start < a.length() && a.charAt(start) == b.charAt(start)) {
            start++;
        }
        int width = 2 * allowed + 1;
        for (int d = 0; d < width; d++) {
            row[d] = d < allowed ? allowed + 1 : d - allowed;
        }
        for (int i = start; i < a.length(); i++) {
            steps += width;
            if (steps > MAX_STEPS || !advance(a.charAt(i), b, i, start, allowed)) {
                return allowed + 1;
            }
        }
        return row[b.length() - a.length() + allowed];
    }

    /** Computes the next row, whose cell {@code d} stands for the first {@code i + 1 + d - allowed} characters of {@code b}. */
    private boolean advance(char c, String b, int i, int start, int allowed) {
        int width = 2 * allowed + 1;
        boolean within = false;
        for (int d = 0; d < width; d++) {
            int j = i + d - allowed;
            int cost = allowed + 1;
            if (j >= start && j < b.length()) {
                cost = row[d] + (b.charAt(j) == c ? 0 : 1);
            }
            if (d + 1 < width) {
                cost = Math.min(cost, row[d + 1] + 1);
            }
            if (d > 0) {
                cost = Math.min(cost, row[d - 1] + 1);
            }
            row[d] = cost;
            within |= cost <= allowed;
        }
        return within;
    }
}
