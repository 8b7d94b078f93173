package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditEntry.Body;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Takes secrets out of texts that are kept. Values of JSON members with certain names go, whatever they are and however deep,
 * also when the text ends in the middle; so does what follows such a name as in a header or a query
 * ({@code authorization: …}, {@code api_key=…}), JSON within strings included; and what looks like a key wherever it stands:
 * a long word that begins with {@code sk-}, or follows {@code Bearer}. When in doubt, it takes out too much. Immutable.
 */
final class Redaction {
    private static final String PLACEHOLDER = "[redacted]";
    private static final String BEARER = "bearer";
    private static final int MIN_KEY_CHARS = 20;
    private static final int MIN_TOKEN_CHARS = 16;

    private final SecretNames names;
    private final SecretSigns signs;

    Redaction(List<String> names) {
        this.names = new SecretNames(names);
        this.signs = new SecretSigns(this.names);
    }

    /**
     * What is kept of {@code bytes}, which belong to it then.
     *
     * @param bytes a text; what is no UTF-8 is replaced, and so is NUL, which PostgreSQL does not take
     * @param cut whether it ends in the middle: then its last word may be the beginning of a secret
     */
    Body redact(byte[] bytes, boolean cut) {
        boolean clean = names.areWords() && !signs.mayBeIn(bytes);
        if (clean && Texts.isAscii(bytes)) {
            return new Body(bytes, cut);
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        return new Body((clean ? text : redact(text, cut)).replace('\0', '\ufffd'), cut);
    }

    /** Reads all of it, twice. */
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
        if (end - quote < 2 || text.charAt(end - 1) != '"') {
            return false;
        }
        return SecretNames.isWords(text, quote + 1, end - 1)
                ? names.contains(text, quote + 1, end - 1)
                : names.contains(JsonText.unescaped(text, quote + 1, end - 1));
    }

    /** The second pass: words that are secrets, or names of some. */
    private String words(String text, boolean cut) {
        StringBuilder out = new StringBuilder(0);
        int copied = 0;
        int at = 0;
        while (at < text.length()) {
            if (!SecretNames.isWord(text.charAt(at))) {
                at++;
                continue;
            }
            int end = endOfWord(text, at);
            int from = end;
            int to = end;
            if (isKey(text, at, end, cut)) {
                from = at;
            } else if (isCalled(text, at, end, BEARER)) {
                from = skipBlanks(text, end);
                to = endOfToken(text, from);
                to = isLong(text, from, to, MIN_TOKEN_CHARS, cut) ? to : from;
            } else {
                // Few words are followed by a sign, so that is looked at before the names.
                from = startOfNamed(text, end);
                to = from > end && names.contains(text, at, end) ? endOfNamed(text, from) : end;
            }
            if (to > from && !text.startsWith(PLACEHOLDER, from)) {
                out.append(text, copied, from).append(PLACEHOLDER);
                copied = to;
            }
            at = Math.max(end, to);
        }
        return copied == 0 ? text : out.append(text, copied, text.length()).toString();
    }

    private static int endOfWord(String text, int start) {
        int end = start;
        while (end < text.length() && SecretNames.isWord(text.charAt(end))) {
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
        while (end < text.length()
                && (SecretNames.isWord(text.charAt(end)) || ".~+/=\\".indexOf(text.charAt(end)) >= 0)) {
            if (text.charAt(end) == '\\' && !text.startsWith("\\/", end)) {
                break;
            }
            end++;
        }
        return end;
    }
}
