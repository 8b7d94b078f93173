package dev.weir.pipeline.usage;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Server-sent events as they stand in a buffer (WHATWG HTML section 9.2): each ends with an empty line. Any thread. */
final class Events {
    private static final byte[] CHOICES = "\"choices\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] USAGE = "\"usage\"".getBytes(StandardCharsets.US_ASCII);

    private Events() {}

    /**
     * Where the last event that ends in {@code bytes} ends: the index behind its empty line, or the reader index.
     *
     * @param from no event ends before here; an event begins at the reader index
     */
    static int lastEnd(ByteBuf bytes, int from) {
        int start = bytes.readerIndex();
        for (int i = bytes.writerIndex() - 1; i >= from; i--) {
            if (bytes.getByte(i) == '\n' && isEmptyLine(bytes, start, i)) {
                return i + 1;
            }
        }
        return start;
    }

    /** Where the event that begins at {@code start} ends, if it ends before {@code end}; else {@code end}. */
    static int end(ByteBuf bytes, int start, int end) {
        int newline = bytes.indexOf(start, end, (byte) '\n');
        while (newline >= 0) {
            if (isEmptyLine(bytes, start, newline)) {
                return newline + 1;
            }
            newline = bytes.indexOf(newline + 1, end, (byte) '\n');
        }
        return end;
    }

    /** Whether nothing stands between {@code newline} and the newline before it, or {@code start}. */
    private static boolean isEmptyLine(ByteBuf bytes, int start, int newline) {
        int before = newline - 1;
        if (before >= start && bytes.getByte(before) == '\r') {
            before--;
        }
        return before < start || bytes.getByte(before) == '\n';
    }

    /** Whether an event tells the usage, and holds nothing else: {@code "choices":[]} and {@code "usage":{}}. */
    static boolean tellsOnlyUsage(ByteBuf bytes, int start, int end) {
        boolean noChoices = false;
        boolean usage = false;
        int colon = bytes.indexOf(start, end, (byte) ':');
        while (colon >= 0) {
            if (isNamed(USAGE, bytes, start, colon)) {
                usage = octetFrom(bytes, colon + 1, end) == '{';
            } else if (isNamed(CHOICES, bytes, start, colon)) {
                noChoices = isEmptyArray(bytes, colon + 1, end);
            }
            colon = bytes.indexOf(colon + 1, end, (byte) ':');
        }
        return noChoices && usage;
    }

    private static boolean isNamed(byte[] name, ByteBuf bytes, int start, int colon) {
        int first = colon - name.length;
        if (first < start || (first > start && bytes.getByte(first - 1) == '\\')) {
            return false;
        }
        for (int i = name.length - 1; i >= 0; i--) {
            if (bytes.getByte(first + i) != name[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean isEmptyArray(ByteBuf bytes, int from, int end) {
        int open = skipSpace(bytes, from, end);
        return open < end && bytes.getByte(open) == '[' && octetFrom(bytes, open + 1, end) == ']';
    }

    private static int octetFrom(ByteBuf bytes, int from, int end) {
        int index = skipSpace(bytes, from, end);
        return index < end ? bytes.getByte(index) : -1;
    }

    private static int skipSpace(ByteBuf bytes, int from, int end) {
        int index = from;
        while (index < end && (bytes.getByte(index) == ' ' || bytes.getByte(index) == '\t')) {
            index++;
        }
        return index;
    }
}
