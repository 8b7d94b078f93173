package dev.weir.pipeline.usage;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * Looks through the JSON of an answer, whole or streamed, as it passes: counts the pieces of text in it and finds what the
 * backend says of usage. Goes from colon to colon and looks at the name before each; remembers the last few bytes for names
 * that are cut in two. Allocates when it first finds usage, else nothing.
 *
 * <p>Understands OpenAI's chat completions, completions, embeddings and responses, Anthropic's messages and Ollama's own
 * answers, without being told which it is: in JSON a quote that ends a name is never escaped, so what looks like a name in a
 * text is none. Runs on the event loop of its exchange. Borrows parts and moves no index.
 */
final class AnswerScan {
    /** The longest name that is known, its quotes, and one byte before. */
    private static final int TAIL_BYTES = AnswerField.MAX_NAME_LENGTH + 3;

    /** Where this thread looks at bytes: an array's cost no checks of the buffer they came in. */
    private static final FastThreadLocal<byte[]> PIECE = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[8 * 1024];
        }
    };

    private static final long MAX_COUNT = Long.MAX_VALUE / 100;

    private enum State {
        /** Between names. */
        SEEK,
        /** Behind a name's colon: the value comes next. */
        VALUE,
        /** Behind the quote that begins a text. */
        TEXT,
        /** In a number. */
        NUMBER,
        /** In the object that tells the usage. */
        USAGE
    }

    private final byte[] tail = new byte[TAIL_BYTES];
    private int tailLength;

    private State state = State.SEEK;
    private AnswerField field = AnswerField.UNKNOWN;
    private long number;

    private @Nullable UsageScan usage;

    /** Whether the next text is a piece of the answer. */
    private boolean armed;

    private final ReportedUsage reported = new ReportedUsage();
    private long pieces;
    private boolean done;

    /** Pieces of text that passed, which is about as many tokens. */
    long pieces() {
        return pieces;
    }

    /** What the backend has said. */
    ReportedUsage reported() {
        return reported;
    }

    /** Whether an Ollama said that this is all. */
    boolean isDone() {
        return done;
    }

    /** The next bytes of the answer. */
    void add(ByteBuf part) {
        byte[] piece = PIECE.get();
        int end = part.writerIndex();
        for (int from = part.readerIndex(); from < end; from += piece.length) {
            int length = Math.min(piece.length, end - from);
            part.getBytes(from, piece, 0, length);
            add(piece, length);
        }
    }

    private void add(byte[] piece, int length) {
        int at = 0;
        while (at < length) {
            at = switch (state) {
                case SEEK -> seek(piece, at, length);
                case VALUE -> value(piece[at], at);
                case TEXT -> text(piece[at], at);
                case NUMBER -> number(piece[at], at);
                case USAGE -> usage(piece, at, length);
            };
        }
        remember(piece, length);
    }

    private int seek(byte[] piece, int from, int end) {
        int colon = from;
        while (colon < end && piece[colon] != ':') {
            colon++;
        }
        if (colon == end) {
            return end;
        }
        field = nameBefore(piece, colon);
        state = field == AnswerField.UNKNOWN ? State.SEEK : State.VALUE;
        return colon + 1;
    }

    private AnswerField nameBefore(byte[] piece, int colon) {
        if (at(piece, colon - 1) != '"') {
            return AnswerField.UNKNOWN;
        }
        for (AnswerField candidate : AnswerField.endingIn(at(piece, colon - 2))) {
            if (isNamed(candidate, piece, colon)) {
                return candidate;
            }
        }
        return AnswerField.UNKNOWN;
    }

    private boolean isNamed(AnswerField candidate, byte[] piece, int colon) {
        int length = candidate.nameLength();
        int first = colon - 1 - length;
        for (int i = length - 2; i >= 0; i--) {
            if (at(piece, first + i) != candidate.octet(i)) {
                return false;
            }
        }
        return at(piece, first - 1) == '"' && at(piece, first - 2) != '\\';
    }

    /** The byte at {@code index}, which is negative if it stands in an earlier piece; 0 for one that is forgotten. */
    private int at(byte[] piece, int index) {
        if (index >= 0) {
            return piece[index];
        }
        int behind = tailLength + index;
        return behind < 0 ? 0 : tail[behind];
    }

    private int value(int octet, int at) {
        switch (octet) {
            case ' ', '\t', '\r', '\n' -> {
                return at + 1;
            }
            case '{' -> {
                if (field == AnswerField.USAGE) {
                    usageScan().begin();
                    state = State.USAGE;
                    return at;
                }
                armed |= field.armsAsObject();
            }
            case '[' -> armed |= field == AnswerField.CHOICES;
            case '"' -> {
                if (field.isText()) {
                    state = State.TEXT;
                    return at + 1;
                }
            }
            case 't' -> {
                if (field == AnswerField.DONE) {
                    done = true;
                    reported.forgetCounts();
                }
            }
            case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> {
                if (field.isCount()) {
                    number = 0;
                    state = State.NUMBER;
                    return at;
                }
            }
            default -> {}
        }
        state = State.SEEK;
        return at;
    }

    private int text(int octet, int at) {
        if (octet != '"' && (armed || field.isTextByItself())) {
            pieces++;
            armed = false;
        }
        state = State.SEEK;
        return at;
    }

    private int number(int octet, int at) {
        if (octet >= '0' && octet <= '9' && number < MAX_COUNT / 10) {
            number = 10 * number + octet - '0';
            return at + 1;
        }
        if (field == AnswerField.PROMPT_EVAL_COUNT) {
            reported.prompt(number);
        } else {
            reported.completion(number);
        }
        state = State.SEEK;
        return at;
    }

    private int usage(byte[] piece, int from, int end) {
        UsageScan scan = usageScan();
        int at = scan.add(piece, from, end);
        if (scan.isOver()) {
            reported.add(scan.found());
            state = State.SEEK;
        }
        return at;
    }

    private UsageScan usageScan() {
        UsageScan scan = usage == null ? new UsageScan() : usage;
        usage = scan;
        return scan;
    }

    private void remember(byte[] piece, int length) {
        if (length >= TAIL_BYTES) {
            System.arraycopy(piece, length - TAIL_BYTES, tail, 0, TAIL_BYTES);
            tailLength = TAIL_BYTES;
        } else {
            int kept = Math.min(tailLength, TAIL_BYTES - length);
            System.arraycopy(tail, tailLength - kept, tail, 0, kept);
            System.arraycopy(piece, 0, tail, kept, length);
            tailLength = kept + length;
        }
    }
}
