package dev.weir.backends;

/** A text is not the JSON that is taken. Has no stack trace: clients cause it at will. */
final class JsonFault extends Exception {
    /** What is wrong. */
    enum Kind {
        MALFORMED,
        TOO_EARLY,
        /** Nested too deep, or with a number or name too long. */
        TOO_LONG
    }

    private static final long serialVersionUID = 1;

    private final Kind kind;
    private final int place;

    /** @param place the offset of the first octet that is wrong */
    JsonFault(Kind kind, int place) {
        super(kind.name(), null, false, false);
        this.kind = kind;
        this.place = place;
    }

    Kind kind() {
        return kind;
    }

    int place() {
        return place;
    }
}
