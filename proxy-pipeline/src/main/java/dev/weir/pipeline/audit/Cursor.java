package dev.weir.pipeline.audit;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** Where a list goes on: the last row's place in the order, opaque to those who pass it back. */
final class Cursor {
    private static final char SEPARATOR = '\0';

    private Cursor() {}

    static String of(Object... place) {
        StringBuilder text = new StringBuilder();
        for (Object part : place) {
            text.append(text.isEmpty() ? "" : SEPARATOR).append(part);
        }
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** @throws IllegalArgumentException if it is none, or one of another list */
    static List<String> read(String cursor, int parts) {
        try {
            String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
            List<String> place = List.of(text.split(String.valueOf(SEPARATOR), -1));
            if (place.size() == parts) {
                Long.parseLong(place.get(0));
                return place;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "cursor: none of this list (expected: next_cursor of the page before)", e);
        }
        throw new IllegalArgumentException("cursor: none of this list (expected: next_cursor of the page before)");
    }

    static long number(String part) {
        try {
            return Long.parseLong(part);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "cursor: none of this list (expected: next_cursor of the page before)", e);
        }
    }
}
