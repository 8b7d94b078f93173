package dev.weir.server.config;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** What a mistyped name was probably meant to be. */
final class Suggestion {
    private static final int MAX_LISTED = 24;

    private Suggestion() {}

    /** {@code expected one of a, b; did you mean "a"?} */
    static String hint(String written, Collection<String> known) {
        if (known.isEmpty()) {
            return "none is configured";
        }
        String listed =
                String.join(", ", known.stream().limit(MAX_LISTED).toList()) + (known.size() > MAX_LISTED ? ", …" : "");
        String nearest = nearest(written, known);
        String expected = known.size() == 1 ? "expected " : "expected one of ";
        return expected + listed + (nearest == null ? "" : "; did you mean \"" + nearest + "\"?");
    }

    /** The known name with the fewest edits to it, null when even that one is another word. */
    private static @Nullable String nearest(String written, Collection<String> known) {
        String nearest = null;
        int fewest = Math.max(2, written.length() / 2) + 1;
        for (String name : known) {
            int edits = edits(written, name);
            if (edits < fewest) {
                fewest = edits;
                nearest = name;
            }
        }
        return nearest;
    }

    /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
    private static int edits(String from, String to) {
        int[][] edits = new int[from.length() + 1][to.length() + 1];
        for (int i = 0; i <= from.length(); i++) {
            for (int j = 0; j <= to.length(); j++) {
                if (i == 0 || j == 0) {
                    edits[i][j] = i + j;
                    continue;
                }
                int replace = edits[i - 1][j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                edits[i][j] = Math.min(replace, 1 + Math.min(edits[i - 1][j], edits[i][j - 1]));
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    edits[i][j] = Math.min(edits[i][j], edits[i - 2][j - 2] + 1);
                }
            }
        }
        return edits[from.length()][to.length()];
    }
}
