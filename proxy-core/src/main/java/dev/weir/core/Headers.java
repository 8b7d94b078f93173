package dev.weir.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The field lines of one message, in order, spelled as they were received; names compare without case (RFC 9110 section 5.1).
 *
 * <p>A flat array searched from the front: messages carry ten to twenty fields, for which this beats hashing. Most names that
 * are asked for are not there, which a set of bits tells without a search. Confined to the event loop of its exchange.
 */
public final class Headers {
    private static final int INITIAL_FIELDS = 16;

    /** Names of the code and the configuration that were found to be tokens. Written without locks: one may be lost. */
    private static final @Nullable String[] VALID_NAMES = new @Nullable String[256];

    /** Name and value in turn. */
    private String[] lines;

    private int used;

    /** The bits of all names that were ever here. */
    private long bits;

    public Headers() {
        lines = new String[2 * INITIAL_FIELDS];
    }

    private Headers(Headers other) {
        lines = Arrays.copyOf(other.lines, Math.max(2 * INITIAL_FIELDS, other.used + 8));
        used = other.used;
        bits = other.bits;
    }

    /** An independent copy. */
    public Headers copy() {
        return new Headers(this);
    }

    /** How many field lines there are. */
    public int size() {
        return used >> 1;
    }

    /** The name of line {@code index}, as received. */
    public String name(int index) {
        return lines[index << 1];
    }

    /** The value of line {@code index}, without surrounding white space. */
    public String value(int index) {
        return lines[(index << 1) + 1];
    }

    /** The value of the first line called {@code name}, or null. */
    public @Nullable String get(String name) {
        if (isAbsent(name)) {
            return null;
        }
        for (int i = 0; i < used; i += 2) {
            if (same(lines[i], name)) {
                return lines[i + 1];
            }
        }
        return null;
    }

    /** The values of all lines called {@code name}, in order. */
    public List<String> all(String name) {
        if (isAbsent(name)) {
            return List.of();
        }
        List<String> values = new ArrayList<>(2);
        for (int i = 0; i < used; i += 2) {
            if (same(lines[i], name)) {
                values.add(lines[i + 1]);
            }
        }
        return values;
    }

    /** How many lines are called {@code name}. */
    public int count(String name) {
        int count = 0;
        for (int i = 0; i < used; i += 2) {
            if (same(lines[i], name)) {
                count++;
            }
        }
        return count;
    }

    public boolean contains(String name) {
        return get(name) != null;
    }

    /** Whether a comma-separated list called {@code name} holds {@code token}, without regard to case. */
    public boolean containsToken(String name, String token) {
        if (isAbsent(name)) {
            return false;
        }
        for (int i = 0; i < used; i += 2) {
            if (same(lines[i], name) && holdsToken(lines[i + 1], token)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Appends a line.
     *
     * @throws IllegalArgumentException if the name is no token or the value holds a control character: such a line would let
     *     its author write further lines (RFC 9110 section 5.5)
     */
    public Headers add(String name, String value) {
        return addValid(validName(name), validValue(name, value));
    }

    /** Replaces every line called {@code name} by one; same errors as {@link #add}. */
    public Headers set(String name, String value) {
        if (isAbsent(name)) {
            return add(name, value);
        }
        validValue(name, value);
        for (int i = 0; i < used; i += 2) {
            if (same(lines[i], name)) {
                lines[i + 1] = value;
                removeFrom(i + 2, name);
                return this;
            }
        }
        return add(name, value);
    }

    /** Removes every line called {@code name}. */
    public Headers remove(String name) {
        removeFrom(0, name);
        return this;
    }

    /** Removes every line whose name {@code unwanted} takes. */
    public void removeIf(Predicate<String> unwanted) {
        int to = 0;
        while (to < used && !unwanted.test(lines[to])) {
            to += 2;
        }
        for (int from = to + 2; from < used; from += 2) {
            if (!unwanted.test(lines[from])) {
                lines[to] = lines[from];
                lines[to + 1] = lines[from + 1];
                to += 2;
            }
        }
        used = to;
    }

    /** Appends a line whose bytes the caller has checked already. */
    Headers addValid(String name, String value) {
        if (used == lines.length) {
            lines = Arrays.copyOf(lines, used * 2);
        }
        lines[used] = name;
        lines[used + 1] = value;
        used += 2;
        bits |= bit(name);
        return this;
    }

    private void removeFrom(int start, String name) {
        if (isAbsent(name)) {
            return;
        }
        int to = start;
        for (int from = start; from < used; from += 2) {
            if (!same(lines[from], name)) {
                lines[to] = lines[from];
                lines[to + 1] = lines[from + 1];
                to += 2;
            }
        }
        used = to;
    }

    /** Whether {@code list}, split at commas and trimmed, holds {@code token}. */
    static boolean holdsToken(String list, String token) {
        int start = 0;
        int length = list.length();
        while (start <= length) {
            int comma = list.indexOf(',', start);
            int end = comma < 0 ? length : comma;
            int from = start;
            while (from < end && (list.charAt(from) == ' ' || list.charAt(from) == '\t')) {
                from++;
            }
            int to = end;
            while (to > from && (list.charAt(to - 1) == ' ' || list.charAt(to - 1) == '\t')) {
                to--;
            }
            if (to - from == token.length() && list.regionMatches(true, from, token, 0, token.length())) {
                return true;
            }
            if (comma < 0) {
                return false;
            }
            start = comma + 1;
        }
        return false;
    }

    private boolean isAbsent(String name) {
        return (bits & bit(name)) == 0;
    }

    /** One of 64, by length and last letter: names that are the same have the same, in whatever case. */
    private static long bit(String name) {
        int length = name.length();
        return length == 0 ? 1 : 1L << (7 * length + (name.charAt(length - 1) & 0x1f));
    }

    /** Most names differ in length or in their last letter already; the letters of tokens differ in one bit by case. */
    @SuppressWarnings("ReferenceEquality") // Names known from before share their strings.
    private static boolean same(String a, String b) {
        int length = a.length();
        return length == b.length()
                && (a == b || (((a.charAt(length - 1) ^ b.charAt(length - 1)) & ~0x20) == 0 && a.equalsIgnoreCase(b)));
    }

    @SuppressWarnings("ReferenceEquality") // That of the very same string is enough.
    private static String validName(String name) {
        int slot = name.hashCode() & (VALID_NAMES.length - 1);
        if (VALID_NAMES[slot] == name) {
            return name;
        }
        if (name.isEmpty()) {
            throw new IllegalArgumentException("header name: empty (expected: a token)");
        }
        for (int i = 0; i < name.length(); i++) {
            if (!Octets.isToken(name.charAt(i))) {
                throw new IllegalArgumentException("header name: illegal character at " + i + " (expected: a token)");
            }
        }
        VALID_NAMES[slot] = name;
        return name;
    }

    private static String validValue(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            if (!Octets.isFieldText(value.charAt(i))) {
                throw new IllegalArgumentException("header " + name + ": illegal character at " + i
                        + " (expected: printable Latin-1, space or tab)");
            }
        }
        return value;
    }

    /** The names only: values may be secrets. */
    @Override
    public String toString() {
        StringBuilder names = new StringBuilder("Headers[");
        for (int i = 0; i < used; i += 2) {
            names.append(i == 0 ? "" : ", ").append(lines[i]);
        }
        return names.append(']').toString();
    }
}
