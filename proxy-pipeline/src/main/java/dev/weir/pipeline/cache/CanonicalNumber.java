package dev.weir.pipeline.cache;

import java.nio.charset.StandardCharsets;

/** One text for each number of JSON, however it is written (RFC 8259 section 6). Stateless. */
final class CanonicalNumber {
    private CanonicalNumber() {}

    /**
     * The number that stands from {@code start} to {@code end}, as its digits without zeros at either end and the power of ten to
     * multiply them with: {@code 12}, {@code -12E-1}, {@code 1E2}. In time that grows with its length, as that of
     * {@link java.math.BigDecimal} does not.
     *
     * @throws IllegalArgumentException or {@link ArithmeticException} if the exponent is too large for a {@code long}
     */
    static String of(byte[] json, int start, int end) {
        boolean negative = json[start] == '-';
        StringBuilder digits = new StringBuilder(end - start);
        long exponent = 0;
        boolean fraction = false;
        int at = negative ? start + 1 : start;
        while (at < end && (json[at] | 0x20) != 'e') {
            if (json[at] == '.') {
                fraction = true;
            } else {
                exponent -= fraction ? 1 : 0;
                if (json[at] != '0' || !digits.isEmpty()) {
                    digits.append((char) json[at]);
                }
            }
            at++;
        }
        if (digits.isEmpty()) {
            return "0";
        }
        if (at < end) {
            String written = new String(json, at + 1, end - at - 1, StandardCharsets.US_ASCII);
            exponent = Math.addExact(exponent, Long.parseLong(written));
        }
        int length = digits.length();
        while (digits.charAt(length - 1) == '0') {
            length--;
            exponent = Math.incrementExact(exponent);
        }
        digits.setLength(length);
        return (negative ? "-" : "") + digits + (exponent == 0 ? "" : "E" + exponent);
    }
}
