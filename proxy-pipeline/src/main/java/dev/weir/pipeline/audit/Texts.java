package dev.weir.pipeline.audit;

import dev.weir.core.Swar;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Makes texts of strangers fit for a database. */
final class Texts {
    private static final int MAX_TITLE_CHARS = 80;
    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private Texts() {}

    /** No longer than that, and without NUL, which PostgreSQL does not take. */
    static String bounded(@Nullable String text, int maxChars) {
        if (text == null) {
            return "";
        }
        String shorter = text.length() <= maxChars ? text : text.substring(0, maxChars);
        return shorter.indexOf('\0') < 0 ? shorter : shorter.replace('\0', '\ufffd');
    }

    /** Whether {@code text} is made of ASCII without NUL, looked at eight bytes at a time. */
    static boolean isAscii(byte[] text) {
        int at = 0;
        for (; at + Long.BYTES <= text.length; at += Long.BYTES) {
            long eight = (long) EIGHT.get(text, at);
            if ((Swar.beyondAscii(eight) | Swar.equal(eight, '\0')) != 0) {
                return false;
            }
        }
        for (; at < text.length; at++) {
            if (text[at] <= 0) {
                return false;
            }
        }
        return true;
    }

    /** The first words, with one blank for any white space between them. */
    static String title(String text) {
        char[] title = new char[MAX_TITLE_CHARS + 1];
        int length = 0;
        int end = 0;
        boolean blank = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isWhitespace(c)) {
                blank = length > 0;
                continue;
            }
            if (blank) {
                end = length;
                title[length++] = ' ';
                blank = false;
            }
            if (length >= MAX_TITLE_CHARS) {
                end = end > 0 ? end : MAX_TITLE_CHARS;
                title[end] = '…';
                return new String(title, 0, end + 1);
            }
            title[length++] = c == '\0' ? '\ufffd' : c;
        }
        return new String(title, 0, length);
    }
}
