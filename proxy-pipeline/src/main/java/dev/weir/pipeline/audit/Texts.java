package dev.weir.pipeline.audit;

import org.jspecify.annotations.Nullable;

/** Makes texts of strangers fit for a database. */
final class Texts {
    private static final int MAX_TITLE_CHARS = 80;

    private Texts() {}

    /** No longer than that, and without NUL, which PostgreSQL does not take. */
    static String bounded(@Nullable String text, int maxChars) {
        if (text == null) {
            return "";
        }
        String shorter = text.length() <= maxChars ? text : text.substring(0, maxChars);
        return shorter.indexOf('\0') < 0 ? shorter : shorter.replace('\0', '\ufffd');
    }

    /** The first words. */
    static String title(String text) {
        String line = oneLine(bounded(text, 4 * MAX_TITLE_CHARS));
        if (line.length() <= MAX_TITLE_CHARS) {
            return line;
        }
        int end = line.lastIndexOf(' ', MAX_TITLE_CHARS);
        return line.substring(0, end > 0 ? end : MAX_TITLE_CHARS) + "…";
    }

    /** Without white space at its ends, and with one blank for any between. */
    private static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        boolean blank = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c)) {
                blank = true;
                continue;
            }
            if (blank && line.length() > 0) {
                line.append(' ');
            }
            blank = false;
            line.append(c);
        }
        return line.toString();
    }
}
