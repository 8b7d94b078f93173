package dev.weir.server.sim;

import java.util.ArrayList;
import java.util.List;

/** The simulated tokenizer: a token is a word with the space before it, or one other character. *Any thread.* */
final class Tokens {
    private Tokens() {}

    /** The tokens of a text; joined they are the text again. */
    static List<String> split(String text) {
        List<String> tokens = new ArrayList<>();
        for (int start = 0; start < text.length(); ) {
            int end = endOfToken(text, start);
            tokens.add(text.substring(start, end));
            start = end;
        }
        return tokens;
    }

    static int count(String text) {
        int count = 0;
        for (int start = 0; start < text.length(); start = endOfToken(text, start)) {
            count++;
        }
        return count;
    }

    private static int endOfToken(String text, int start) {
        int end = text.charAt(start) == ' ' && start + 1 < text.length() ? start + 1 : start;
        int first = text.codePointAt(end);
        end += Character.charCount(first);
        while (Character.isLetterOrDigit(first) && end < text.length()) {
            int next = text.codePointAt(end);
            if (!Character.isLetterOrDigit(next) && next != '\'') {
                break;
            }
            end += Character.charCount(next);
        }
        return end;
    }
}
