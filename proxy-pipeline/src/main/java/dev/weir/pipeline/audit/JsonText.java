package dev.weir.pipeline.audit;

/**
 * Finds its way in a text that holds JSON, whole or cut, alone or line by line as in a stream (RFC 8259). Wherever it looks
 * for an end that is not there, the text's end is it.
 */
final class JsonText {
    private JsonText() {}

    /** Behind the closing quote of the string at {@code quote}; at a line's end if that comes first: no string goes over it. */
    static int endOfString(String text, int quote) {
        int at = quote + 1;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"') {
                return at + 1;
            }
            if (c == '\n' || c == '\r') {
                return at;
            }
            at += c == '\\' ? 2 : 1;
        }
        return text.length();
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }

    static int skipSpace(String text, int start) {
        int at = start;
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Behind the value at {@code start}. Strings in it end at their quotes only. */
    static int endOfValue(String text, int start) {
        int depth = 0;
        int at = start;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"') {
                at = endOfQuoted(text, at);
                if (depth == 0) {
                    return at;
                }
                continue;
            }
            if (c == '{' || c == '[') {
                depth++;
            } else if (depth == 0 && (c == ',' || c == '}' || c == ']' || c <= ' ')) {
                return at;
            } else if (c == '}' || c == ']') {
                depth--;
                if (depth == 0) {
                    return at + 1;
                }
            }
            at++;
        }
        return text.length();
    }

    private static int endOfQuoted(String text, int quote) {
        int at = quote + 1;
        while (at < text.length() && text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return Math.min(text.length(), at + 1);
    }

    /** A string's content with its escapes resolved; broken escapes stay. */
    static String unescaped(String text, int start, int end) {
        int limit = Math.max(start, end);
        String inside = text.substring(start, limit);
        if (inside.indexOf('\\') < 0) {
            return inside;
        }
        StringBuilder plain = new StringBuilder(limit - start);
        for (int i = start; i < limit; i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 5 < limit + 1 && text.charAt(i + 1) == 'u') {
                int code = hex(text, i + 2);
                if (code >= 0) {
                    plain.append((char) code);
                    i += 5;
                    continue;
                }
            }
            plain.append(c);
        }
        return plain.toString();
    }

    private static int hex(String text, int start) {
        int code = 0;
        for (int i = start; i < start + 4; i++) {
            int digit = i < text.length() ? Character.digit(text.charAt(i), 16) : -1;
            if (digit < 0) {
                return -1;
            }
            code = code << 4 | digit;
        }
        return code;
    }
}
