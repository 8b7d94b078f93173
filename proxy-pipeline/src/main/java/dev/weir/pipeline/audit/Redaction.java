package dev.weir.pipeline.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Takes secrets out of texts that are kept. Values of JSON members with certain names go, whatever they are and however deep,
 * also when the text ends in the middle; so does what follows such a name as in a header or a query
 * ({@code authorization: …}, {@code api_key=…}), JSON within strings included; and what looks like a key wherever it stands:
 * a long word that begins with {@code sk-}, or follows {@code Bearer}. When in doubt, it takes out too much. Immutable.
 */
final class Redaction {
    private static final String PLACEHOLDER = "[redacted]";
    private static final int MIN_KEY_CHARS = 20;
    private static final int MIN_TOKEN_CHARS = 16;
    private static final int ASCII = 128;

    /** What words are made of: letters, digits, {@code _} and {@code -}. */
    private static final boolean[] WORD = new boolean[ASCII];

    static {
        for (char c = 0; c < ASCII; c++) {
            WORD[c] =
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        }
    }

    private final Set<String> names = new HashSet<>();

    /** The same by their first letter, those that begin with an ASCII one: most words of a prompt begin as none of them. */
    private final String[][] byFirst = new String[ASCII][];

    Redaction(List<String> names) {
        names.forEach(name -> this.names.add(normal(name)));
        Map<Character, List<String>> grouped = new HashMap<>();
        for (String name : this.names) {
            if (!name.isEmpty()) {
                grouped.computeIfAbsent(name.charAt(0), first -> new ArrayList<>())
                        .add(name);
            }
        }
        for (int first = 0; first < byFirst.length; first++) {
            byFirst[first] = grouped.getOrDefault((char) first, List.of()).toArray(new String[0]);
        }
    }

    /** A name without what people write differently: {@code apiKey}, {@code API-Key} and {@code api_key} are one. */
    static String normal(CharSequence name) {
        StringBuilder normal = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c != '_' && c != '-') {
                normal.append(c);
            }
        }
        return normal.toString().strip().toLowerCase(Locale.ROOT);
    }

    /** @param cut whether {@code text} ends in the middle: then its last word may be the beginning of a secret */
    String redact(String text, boolean cut) {
        return words(members(text), cut);
    }

    /** The first pass: members of JSON, wherever in the text it stands. */
    private String members(String text) {
        StringBuilder out = new StringBuilder(0);
        int copied = 0;
        int quote = text.indexOf('"');
        while (quote >= 0) {
            int end = JsonText.endOfString(text, quote);
            int colon = JsonText.skipSpace(text, end);
            if (colon < text.length() && text.charAt(colon) == ':' && isSecret(text, quote, end)) {
                int value = JsonText.skipSpace(text, colon + 1);
                out.append(text, copied, value);
                copied = JsonText.endOfValue(text, value);
                if (value < text.length()) {
                    out.append('"').append(PLACEHOLDER).append('"');
                }
                end = copied;
            }
            quote = text.indexOf('"', end);
        }
        return copied == 0 ? text : out.append(text, copied, text.length()).toString();
    }

    private boolean isSecret(String text, int quote, int end) {
        if (isPlain(text, quote + 1, end - 1)) {
            return mayBeName(text, quote + 1, end - 1);
        }
        return names.contains(normal(JsonText.unescaped(text, quote + 1, end - 1)));
    }

    /** Whether it says what stands there: words without an escape. */
    private static boolean isPlain(String text, int start, int end) {
        for (int i = start; i < end; i++) {
            if (!isWord(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The second pass: words that are secrets, or names of some. */
    private String words(String text, boolean cut) {
        StringBuilder out = new StringBuilder(0);
        int copied = 0;
        int at = 0;
        while (at < text.length()) {
            if (!isWord(text.charAt(at))) {
                at++;
                continue;
            }
            int end = endOfWord(text, at);
            int from = end;
            int to = end;
            if (isKey(text, at, end, cut)) {
                from = at;
            } else if (isCalled(text, at, end, "bearer")) {
                from = skipBlanks(text, end);
                to = endOfToken(text, from);
                to = isLong(text, from, to, MIN_TOKEN_CHARS, cut) ? to : from;
            } else {
                // Few words are followed by a sign, so that is looked at before the names.
                from = startOfNamed(text, end);
                to = from > end && mayBeName(text, at, end) ? endOfNamed(text, from) : end;
            }
            if (to > from && !text.startsWith(PLACEHOLDER, from)) {
                out.append(text, copied, from).append(PLACEHOLDER);
                copied = to;
            }
            at = Math.max(end, to);
        }
        return copied == 0 ? text : out.append(text, copied, text.length()).toString();
    }

    private static boolean isWord(char c) {
        return c < ASCII && WORD[c];
    }

    private static int endOfWord(String text, int start) {
        int end = start;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isKey(String text, int start, int end, boolean cut) {
        return text.startsWith("sk-", start) && isLong(text, start, end, MIN_KEY_CHARS, cut);
    }

    private static boolean isLong(String text, int start, int end, int least, boolean cut) {
        return end - start >= least || (cut && end == text.length() && end > start);
    }

    private static boolean isCalled(String text, int start, int end, String name) {
        return end - start == name.length() && text.regionMatches(true, start, name, 0, name.length());
    }

    /** Looked at without making a string of each word of a prompt. */
    private boolean mayBeName(String text, int start, int end) {
        int first = start;
        while (first < end && (text.charAt(first) == '_' || text.charAt(first) == '-')) {
            first++;
        }
        if (first == end) {
            return false;
        }
        for (String name : byFirst[Character.toLowerCase(text.charAt(first))]) {
            int at = first;
            int matched = 0;
            while (at < end && matched < name.length()) {
                char c = text.charAt(at++);
                if (c == '_' || c == '-') {
                    continue;
                }
                if (Character.toLowerCase(c) != name.charAt(matched++)) {
                    matched = Integer.MAX_VALUE;
                }
            }
            while (at < end && (text.charAt(at) == '_' || text.charAt(at) == '-')) {
                at++;
            }
            if (matched == name.length() && at == end) {
                return true;
            }
        }
        return false;
    }

    /** Where the value of a name that ends at {@code end} begins, behind {@code :} or {@code =}; {@code end} if there is none. */
    private static int startOfNamed(String text, int end) {
        int sign = skipQuotes(text, end);
        if (sign >= text.length() || (text.charAt(sign) != ':' && text.charAt(sign) != '=')) {
            return end;
        }
        return skipQuotes(text, sign + 1);
    }

    private static int endOfNamed(String text, int start) {
        int end = start;
        while (end < text.length()) {
            char c = text.charAt(end);
            if (c == '"' || c == '\'' || c == '\n' || c == '\r' || c == '&') {
                break;
            }
            if (c == '\\' && (end + 1 == text.length() || "/u".indexOf(text.charAt(end + 1)) < 0)) {
                break;
            }
            end++;
        }
        return end;
    }

    private static int skipQuotes(String text, int start) {
        int at = start;
        while (at < text.length() && isBlankOrQuote(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static boolean isBlankOrQuote(char c) {
        return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\\';
    }

    private static int skipBlanks(String text, int start) {
        int at = start;
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }

    /** RFC 6750 section 2.1, and the {@code \/} of JSON. */
    private static int endOfToken(String text, int start) {
        int end = start;
        while (end < text.length() && (isWord(text.charAt(end)) || ".~+/=\\".indexOf(text.charAt(end)) >= 0)) {
            if (text.charAt(end) == '\\' && !text.startsWith("\\/", end)) {
                break;
            }
            end++;
        }
        return end;
    }
}
