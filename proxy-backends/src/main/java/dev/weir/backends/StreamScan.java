package dev.weir.backends;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Follows a stream line by line, in place: whether it is of its format at all, whether it has said that it is complete,
 * whether it reports an error. Allocates nothing. Runs on the event loop; borrows what it reads.
 */
final class StreamScan {
    /** So much of a line tells what it is; a shorter piece of one is to be held until more of it comes. */
    static final int TELLING_BYTES = 32;

    private static final byte[] DATA = ascii("data:");
    private static final byte[] ERROR = ascii("{\"error\":");
    private static final byte[] DONE = ascii("[DONE]");
    private static final byte[][] LAST_EVENTS = {
        ascii("event: response.completed"),
        ascii("event: response.incomplete"),
        ascii("event: response.failed"),
        ascii("event: error"),
        ascii("event: message_stop")
    };
    private static final byte[] ROLE = ascii("\"role\"");
    private static final byte[] TOOL_CALLS = ascii("\"tool_calls\":[");
    private static final byte[] REASONING = ascii("\"reasoning");
    private static final byte[] TEXT = ascii("\"content\":\"");
    private static final byte[] NO_TEXT = ascii("\"content\":\"\"");

    private static final Map<StreamFormat, byte[]> FINISHES = marks(StreamFormat::finish);
    private static final Map<StreamFormat, byte[]> TOKENS = marks(StreamFormat::token);

    private final StreamFormat format;
    private final byte @Nullable [] finish;

    /** Whether the scan stands within a line of which it has seen what tells. */
    private boolean inLine;

    /** How much of the format's mark of a finish has been seen just now. */
    private int matched;

    private boolean ofFormat;
    private boolean finished;
    private boolean error;
    private boolean token;

    StreamScan(StreamFormat format) {
        this.format = format;
        this.finish = FINISHES.get(format);
    }

    /** Whether the stream has ended too early, if it ends here. */
    boolean isUnfinished() {
        return ofFormat && !finished;
    }

    /** Whether a line reports an error: the one at which {@link #scan} stopped. */
    boolean foundError() {
        return error;
    }

    /** Whether there was any text, or something in its place. */
    boolean sawToken() {
        return token;
    }

    /**
     * Looks at what comes next.
     *
     * @param last whether nothing comes after {@code part}
     * @return up to where {@code part} may be passed on: its end, or the beginning of a line that is too short yet or reports
     *     an error
     */
    int scan(ByteBuf part, boolean last) {
        int at = part.readerIndex();
        int end = part.writerIndex();
        while (at < end) {
            int newline = part.indexOf(at, end, (byte) '\n');
            int lineEnd = newline < 0 ? end : newline;
            if (!inLine) {
                if (newline < 0 && !last && end - at < TELLING_BYTES) {
                    return at;
                }
                begin(part, at, lineEnd);
                if (error) {
                    return at;
                }
            }
            findFinish(part, at, lineEnd);
            inLine = newline < 0;
            if (!inLine) {
                matched = 0;
            }
            at = lineEnd + 1;
        }
        return end;
    }

    private void begin(ByteBuf part, int at, int end) {
        if (format == StreamFormat.LINES) {
            beginObject(part, at, end);
        } else if (startsWith(part, at, end, DATA)) {
            int value = afterBlanks(part, at + DATA.length, end);
            if (startsWith(part, value, end, DONE)) {
                finished = true;
            } else {
                beginObject(part, value, end);
            }
        } else if (!finished && at < end && part.getByte(at) == 'e') {
            for (byte[] last : LAST_EVENTS) {
                finished |= startsWith(part, at, end, last);
            }
        }
    }

    private void beginObject(ByteBuf part, int at, int end) {
        if (at == end || part.getByte(at) != '{' || format == StreamFormat.OTHER) {
            return;
        }
        ofFormat = true;
        if (startsWith(part, at, end, ERROR) && (format == StreamFormat.COMPLETIONS || format == StreamFormat.LINES)) {
            int value = afterBlanks(part, at + ERROR.length, end);
            error = value < end && (part.getByte(value) == '{' || part.getByte(value) == '"');
        }
        token = token || isToken(part, at, end);
    }

    /** Whether an event holds text; of completions, the first may only say who speaks. */
    private boolean isToken(ByteBuf part, int at, int end) {
        byte[] name = TOKENS.get(format);
        if (name != null) {
            return contains(part, at, end, name);
        }
        return format != StreamFormat.COMPLETIONS
                || !contains(part, at, end, ROLE)
                || (contains(part, at, end, TEXT) && !contains(part, at, end, NO_TEXT))
                || contains(part, at, end, REASONING)
                || contains(part, at, end, TOOL_CALLS);
    }

    private void findFinish(ByteBuf part, int from, int end) {
        byte[] mark = finish;
        int at = from;
        while (mark != null && !finished && at < end) {
            if (matched == 0) {
                at = part.indexOf(at, end, mark[0]);
                if (at < 0) {
                    return;
                }
            }
            byte next = part.getByte(at);
            if (next == mark[matched]) {
                at++;
                finished = ++matched == mark.length;
            } else if (next == ' ' && mark[matched - 1] == ':') {
                at++;
            } else {
                matched = 0;
            }
        }
    }

    private static boolean startsWith(ByteBuf part, int at, int end, byte[] text) {
        if (end - at < text.length) {
            return false;
        }
        for (int i = 0; i < text.length; i++) {
            if (part.getByte(at + i) != text[i]) {
                return false;
            }
        }
        return true;
    }

    private static boolean contains(ByteBuf part, int from, int end, byte[] text) {
        int at = part.indexOf(from, end, text[0]);
        while (at >= 0) {
            if (startsWith(part, at, end, text)) {
                return true;
            }
            at = part.indexOf(at + 1, end, text[0]);
        }
        return false;
    }

    private static int afterBlanks(ByteBuf part, int from, int end) {
        int at = from;
        while (at < end && part.getByte(at) == ' ') {
            at++;
        }
        return at;
    }

    private static Map<StreamFormat, byte[]> marks(Function<StreamFormat, @Nullable String> mark) {
        Map<StreamFormat, byte[]> marks = new EnumMap<>(StreamFormat.class);
        for (StreamFormat format : StreamFormat.values()) {
            String text = mark.apply(format);
            if (text != null) {
                marks.put(format, ascii(text));
            }
        }
        return marks;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }
}
