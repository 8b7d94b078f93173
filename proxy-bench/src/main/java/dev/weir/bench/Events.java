package dev.weir.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;

/** The events of the benchmark's streams: those of a chat, each with its number and the moment at which it was written. */
final class Events {
    /** What the usage at the end of a stream adds up to. */
    static final int USAGE_TOKENS = 88;

    private static final String CHUNK_HEAD =
            "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1795237899,\"model\":\"upstream-model\",";
    private static final byte[] TEMPLATE = (CHUNK_HEAD
                    + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" sky\"},\"finish_reason\":null}],"
                    + "\"n\":0000000,\"t\":0000000000000000000}\n\n")
            .getBytes(US_ASCII);
    private static final int TIME_DIGITS = 19;
    private static final int NUMBER_DIGITS = 7;

    /** From the end of a line to the first digit of the time, and of the number. */
    private static final int TIME_FROM_END = TIME_DIGITS + 1;

    private static final int NUMBER_FROM_END = TIME_FROM_END + ",\"t\":".length() + NUMBER_DIGITS;
    private static final int MIN_LINE = NUMBER_FROM_END + ",\"n\":".length();

    private static final String LAST =
            CHUNK_HEAD + "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    private static final String USAGE = CHUNK_HEAD
            + "\"choices\":[],\"usage\":{\"prompt_tokens\":60,\"completion_tokens\":28,\"total_tokens\":88}}\n\n";
    private static final String DONE = "data: [DONE]\n\n";

    private Events() {}

    /** What a line of a stream is. */
    enum Kind {
        /** One of the events with a number and a time. */
        NUMBERED,
        USAGE,
        DONE,
        /** An empty line, a comment, the event that tells why the stream ends. */
        OTHER
    }

    /** How long an event is, in bytes. */
    static int length() {
        return TEMPLATE.length;
    }

    static void write(ByteBuf target, long number, long nanos) {
        int end = target.writerIndex() + TEMPLATE.length - 2;
        target.writeBytes(TEMPLATE);
        digits(target, end - TIME_FROM_END, TIME_DIGITS, nanos);
        digits(target, end - NUMBER_FROM_END, NUMBER_DIGITS, number);
    }

    /** How a stream ends. */
    static byte[] end(boolean withUsage) {
        return (LAST + (withUsage ? USAGE : "") + DONE).getBytes(US_ASCII);
    }

    /** What the {@code length} bytes of {@code line} are, which stand without their line feed. */
    static Kind kind(byte[] line, int length) {
        if (length < "data: [".length() || line[0] != 'd') {
            return Kind.OTHER;
        }
        if (line["data: ".length()] == '[') {
            return Kind.DONE;
        }
        if (length >= MIN_LINE && line[length - TIME_FROM_END - 2] == '"' && line[length - TIME_FROM_END - 3] == 't') {
            return Kind.NUMBERED;
        }
        return new String(line, 0, length, US_ASCII).contains("\"usage\":{") ? Kind.USAGE : Kind.OTHER;
    }

    static long number(byte[] line, int length) {
        return value(line, length - NUMBER_FROM_END, NUMBER_DIGITS);
    }

    static long nanos(byte[] line, int length) {
        return value(line, length - TIME_FROM_END, TIME_DIGITS);
    }

    private static void digits(ByteBuf target, int at, int count, long value) {
        long rest = value;
        for (int i = at + count - 1; i >= at; i--) {
            target.setByte(i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
    }

    private static long value(byte[] line, int at, int count) {
        long value = 0;
        for (int i = at; i < at + count; i++) {
            value = 10 * value + line[i] - '0';
        }
        return value;
    }
}
