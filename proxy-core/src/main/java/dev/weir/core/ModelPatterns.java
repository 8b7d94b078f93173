package dev.weir.core;

import java.util.List;

/**
 * The models somebody may use, as names in which {@code *} stands for any characters. Immutable.
 *
 * @param patterns one must match; none at all allows every model
 */
public record ModelPatterns(List<String> patterns) {
    public static final ModelPatterns ALL = new ModelPatterns(List.of());

    public ModelPatterns {
        patterns = List.copyOf(patterns);
        for (String pattern : patterns) {
            if (pattern.isBlank()) {
                throw new IllegalArgumentException("models: a blank pattern (expected: a name, * for any characters)");
            }
        }
    }

    public boolean allow(String model) {
        if (patterns.isEmpty()) {
            return true;
        }
        for (int i = 0; i < patterns.size(); i++) {
            if (matches(patterns.get(i), model)) {
                return true;
            }
        }
        return false;
    }

    /** Matches from left to right; where it fails, the last star takes one more character. Linear for one star. */
    private static boolean matches(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int starText = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                starText = t;
            } else if (p < pattern.length() && pattern.charAt(p) == text.charAt(t)) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++starText;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
