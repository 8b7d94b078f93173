package dev.weir.core;

/** A text is not the JSON that is taken. Has no stack trace: clients cause it at will. */
public final class JsonFault extends Exception {
    /** Ways to be no JSON. */
    public enum Kind {
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

    /** What is wrong. */
    public Kind kind() {
        return kind;
    }

    /** The offset of the first octet that is wrong. */
    public int place() {
        return place;
    }
}
