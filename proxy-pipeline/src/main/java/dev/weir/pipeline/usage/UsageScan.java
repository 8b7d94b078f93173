package dev.weir.pipeline.usage;

import org.jspecify.annotations.Nullable;

/**
 * Reads an object called {@code usage} as its bytes pass, in however many pieces: OpenAI's and Anthropic's. Takes whole
 * numbers of the names it knows and passes over the rest; gives up after 8 KiB. Does not check that it is JSON. Allocates
 * nothing once made.
 * Confined to one event loop.
 */
final class UsageScan {
    /** What stands in such an object, by the name that OpenAI gives it and the one that Anthropic or OpenAI's newer API does. */
    private enum Field {
        PROMPT("prompt_tokens", "input_tokens"),
        COMPLETION("completion_tokens", "output_tokens"),
        TOTAL("total_tokens", null),
        CACHE_WRITTEN(null, "cache_creation_input_tokens"),
        CACHE_READ(null, "cache_read_input_tokens"),
        PROMPT_DETAILS("prompt_tokens_details", "input_tokens_details"),
        /** In the details of the prompt. */
        CACHED("cached_tokens", null),
        UNKNOWN(null, null);

        private static final Field[] VALUES = values();

        private final @Nullable String name;
        private final @Nullable String otherName;

        Field(@Nullable String name, @Nullable String otherName) {
            this.name = name;
            this.otherName = otherName;
        }

        private static Field named(byte[] octets, int length) {
            for (Field field : VALUES) {
                if (isSame(field.name, octets, length) || isSame(field.otherName, octets, length)) {
                    return field;
                }
            }
            return UNKNOWN;
        }

        private static boolean isSame(@Nullable String name, byte[] octets, int length) {
            if (name == null || name.length() != length) {
                return false;
            }
            for (int i = length - 1; i >= 0; i--) {
                if (name.charAt(i) != octets[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final int MAX_NAME_LENGTH = 27;
    private static final int MAX_DIGITS = 17;

    /** Real ones have less than a thousand. */
    private static final int MAX_BYTES = 8 * 1024;

    private final byte[] name = new byte[MAX_NAME_LENGTH];
    private int nameLength;
    private boolean inString;
    private boolean escaped;

    private int depth;
    private int detailsDepth;
    private Field field = Field.UNKNOWN;

    private long number;
    private int digits;
    private boolean whole;
    private boolean ended;

    private int bytes;

    private final ReportedUsage found = new ReportedUsage();

    /** Before the brace that opens the object. */
    void begin() {
        inString = false;
        escaped = false;
        nameLength = 0;
        depth = 0;
        detailsDepth = 0;
        field = Field.UNKNOWN;
        bytes = 0;
        found.forget();
    }

    /** The next bytes, {@code from} to {@code end}; returns how far the object goes in them. */
    int add(byte[] piece, int from, int end) {
        int at = from;
        while (at < end) {
            if (++bytes > MAX_BYTES) {
                depth = 0;
                found.forget();
                return at;
            }
            byte octet = piece[at++];
            if (inString) {
                string(octet);
            } else if (!structure(octet)) {
                return at;
            }
        }
        return at;
    }

    /** Whether the object has come to its end. */
    boolean isOver() {
        return depth == 0;
    }

    /** What the object said; holds until the next one begins. */
    ReportedUsage found() {
        return found;
    }

    private void string(byte octet) {
        if (escaped) {
            escaped = false;
        } else if (octet == '"') {
            inString = false;
            return;
        } else if (octet == '\\') {
            escaped = true;
        }
        if (nameLength < MAX_NAME_LENGTH) {
            name[nameLength] = octet;
        }
        nameLength++;
    }

    /** Returns false at the end of the object. */
    private boolean structure(byte octet) {
        switch (octet) {
            case '"' -> {
                inString = true;
                nameLength = 0;
                field = Field.UNKNOWN;
            }
            case ':' -> {
                field = Field.named(name, nameLength);
                number = 0;
                digits = 0;
                whole = true;
                ended = false;
            }
            case '{', '[' -> {
                depth++;
                if (field == Field.PROMPT_DETAILS && depth == 2 && octet == '{') {
                    detailsDepth = depth;
                }
                field = Field.UNKNOWN;
            }
            case ',' -> take();
            case '}', ']' -> {
                take();
                detailsDepth = depth == detailsDepth ? 0 : detailsDepth;
                return --depth > 0;
            }
            case ' ', '\t', '\r', '\n' -> ended |= digits > 0;
            default -> digit(octet);
        }
        return true;
    }

    private void digit(byte octet) {
        whole &= octet >= '0' && octet <= '9' && digits < MAX_DIGITS && !ended;
        if (whole) {
            number = 10 * number + octet - '0';
            digits++;
        }
    }

    private void take() {
        if (whole
                && digits > 0
                && (depth == 1 ? field != Field.CACHED : depth == detailsDepth && field == Field.CACHED)) {
            set();
        }
        field = Field.UNKNOWN;
    }

    private void set() {
        switch (field) {
            case PROMPT -> found.prompt(number);
            case COMPLETION -> found.completion(number);
            case TOTAL -> found.total(number);
            case CACHE_WRITTEN -> found.cacheWritten(number);
            case CACHE_READ -> found.cacheRead(number);
            case CACHED -> found.cached(number);
            case PROMPT_DETAILS, UNKNOWN -> {}
        }
    }
}
