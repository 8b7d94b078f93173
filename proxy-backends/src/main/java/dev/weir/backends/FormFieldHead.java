package dev.weir.backends;

import dev.weir.core.GatewayException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The head of one part of a form (RFC 7578 section 4).
 *
 * @param name the field's name
 * @param disposition the value of {@code Content-Disposition}
 * @param encoded whether the value is encoded for mail, which some servers undo and others do not
 */
record FormFieldHead(String name, String disposition, boolean encoded) {
    /**
     * Reads the header lines of a part.
     *
     * @param lines in Latin-1, each with its line break; may be empty
     */
    static FormFieldHead parse(String lines) throws GatewayException {
        String disposition = null;
        boolean encoded = false;
        int start = 0;
        while (start < lines.length()) {
            int end = lines.indexOf("\r\n", start);
            String line = lines.substring(start, end < 0 ? lines.length() : end);
            start = end < 0 ? lines.length() : end + 2;
            int colon = colon(line);
            String field = line.substring(0, colon);
            String value = line.substring(colon + 1).strip();
            if (field.equalsIgnoreCase("content-disposition")) {
                if (disposition != null) {
                    throw MultipartModelScan.malformed("Content-Disposition given twice in a part");
                }
                disposition = value;
            } else if (field.equalsIgnoreCase("content-transfer-encoding")) {
                encoded |= !(value.equalsIgnoreCase("7bit")
                        || value.equalsIgnoreCase("8bit")
                        || value.equalsIgnoreCase("binary"));
            }
        }
        if (disposition == null || !isFormData(disposition)) {
            throw MultipartModelScan.malformed("a part without Content-Disposition: form-data");
        }
        String name = parameter(disposition, "name");
        if (name == null) {
            throw MultipartModelScan.malformed("a part without a name");
        }
        return new FormFieldHead(name, disposition, encoded);
    }

    /** The colon of a line that has no control characters and, before the colon, no white space. */
    private static int colon(String line) throws GatewayException {
        int colon = line.indexOf(':');
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            boolean control = c == 0x7F || (c < ' ' && c != '\t');
            if (control || (c <= ' ' && i < colon)) {
                colon = -1;
            }
        }
        if (colon <= 0) {
            throw MultipartModelScan.malformed("an illegal header line in a part");
        }
        return colon;
    }

    private static boolean isFormData(String disposition) {
        int semicolon = disposition.indexOf(';');
        String type = semicolon < 0 ? disposition : disposition.substring(0, semicolon);
        return type.strip().equalsIgnoreCase("form-data");
    }

    /** Refuses what is not simply the field's text. */
    void requirePlain() throws GatewayException {
        if (encoded || disposition.toLowerCase(Locale.ROOT).contains("filename")) {
            throw ModelRequestReader.badRequest(name + ": a file or an encoded part (expected: a plain form field)")
                    .param(name);
        }
    }

    /**
     * The value of a parameter (RFC 9110 section 5.6.6), or null.
     *
     * @throws GatewayException if the parameters are malformed, or that one is repeated, escaped or encoded
     */
    static @Nullable String parameter(String field, String wanted) throws GatewayException {
        String found = null;
        int at = field.indexOf(';');
        while (at >= 0 && at < field.length()) {
            at = skipSpace(field, at + 1);
            if (at == field.length()) {
                break;
            }
            int equals = field.indexOf('=', at);
            if (equals <= at || tokenEnd(field, at) < equals) {
                throw malformedParameters();
            }
            String name = field.substring(at, equals);
            boolean quoted = equals + 1 < field.length() && field.charAt(equals + 1) == '"';
            int end = quoted ? closingQuote(field, equals + 2) : tokenEnd(field, equals + 1);
            String value = field.substring(quoted ? equals + 2 : equals + 1, end);
            if (name.regionMatches(true, 0, wanted + "*", 0, wanted.length() + 1)) {
                throw malformedParameters();
            }
            if (name.equalsIgnoreCase(wanted)) {
                if (found != null || value.indexOf('\\') >= 0) {
                    throw malformedParameters();
                }
                found = value;
            }
            at = skipSpace(field, quoted ? end + 1 : end);
            if (at < field.length() && field.charAt(at) != ';') {
                throw malformedParameters();
            }
        }
        return found;
    }

    private static int skipSpace(String field, int from) {
        int at = from;
        while (at < field.length() && (field.charAt(at) == ' ' || field.charAt(at) == '\t')) {
            at++;
        }
        return at;
    }

    private static int closingQuote(String field, int from) throws GatewayException {
        int at = from;
        while (at < field.length() && field.charAt(at) != '"') {
            at += field.charAt(at) == '\\' ? 2 : 1;
        }
        if (at >= field.length()) {
            throw malformedParameters();
        }
        return at;
    }

    private static int tokenEnd(String field, int from) {
        int at = from;
        while (at < field.length() && "; \t\"".indexOf(field.charAt(at)) < 0) {
            at++;
        }
        return at;
    }

    private static GatewayException malformedParameters() {
        return MultipartModelScan.malformed("illegal parameters of a Content-Type or Content-Disposition");
    }
}
