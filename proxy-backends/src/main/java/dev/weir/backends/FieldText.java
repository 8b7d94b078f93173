package dev.weir.backends;

import java.nio.charset.StandardCharsets;

/** Names as header fields can show them. */
final class FieldText {
    private FieldText() {}

    /** {@code name}, with everything but printable ASCII percent-encoded as UTF-8. */
    static String of(String name) {
        if (name.chars().allMatch(FieldText::isPrintable)) {
            return name;
        }
        StringBuilder shown = new StringBuilder();
        for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
            if (isPrintable(octet)) {
                shown.append((char) octet);
            } else {
                shown.append(String.format("%%%02X", octet & 0xff));
            }
        }
        return shown.toString();
    }

    private static boolean isPrintable(int character) {
        return character > ' ' && character < 0x7f;
    }
}
