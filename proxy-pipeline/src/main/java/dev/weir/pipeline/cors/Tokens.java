package dev.weir.pipeline.cors;

/** Tokens and lists of them (RFC 9110 section 5.6.2). */
final class Tokens {
    private static final String MARKS = "!#$%&'*+-.^_`|~";

    private Tokens() {}

    static boolean isToken(String text) {
        return !text.isEmpty() && consistsOfTokens(text, "");
    }

    /** Whether there is nothing but tokens between commas and white space. */
    static boolean isList(String text) {
        return !text.isEmpty() && consistsOfTokens(text, ", \t");
    }

    private static boolean consistsOfTokens(String text, String separators) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (!alphanumeric && MARKS.indexOf(c) < 0 && separators.indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }
}
