package dev.weir.testing;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields of a head or trailer section in the order of the wire, names as they were sent. Immutable. */
public record HeaderFields(List<Field> fields) {
    static final HeaderFields NONE = new HeaderFields(List.of());

    /** One field line. */
    public record Field(String name, String value) {
        @Override
        public String toString() {
            return name + ": " + value;
        }
    }

    public HeaderFields {
        fields = List.copyOf(fields);
    }

    /** Parses field lines without their CRLF; throws {@link MalformedMessage} on what RFC 9112 section 5 forbids. */
    static HeaderFields parse(List<String> lines) {
        List<Field> fields = new ArrayList<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon <= 0 || line.substring(0, colon).chars().anyMatch(c -> c <= ' ')) {
                throw new MalformedMessage("field line: \"" + line + "\" (expected: name ':' value)");
            }
            fields.add(new Field(
                    line.substring(0, colon), line.substring(colon + 1).strip()));
        }
        return new HeaderFields(fields);
    }

    /** The first value of a name, in any case of letters. */
    public @Nullable String first(String name) {
        for (Field field : fields) {
            if (field.name().equalsIgnoreCase(name)) {
                return field.value();
            }
        }
        return null;
    }

    /** All values of a name, in any case of letters, in the order of the wire. */
    public List<String> all(String name) {
        return fields.stream()
                .filter(field -> field.name().equalsIgnoreCase(name))
                .map(Field::value)
                .toList();
    }

    /** Whether a name is there, in any case of letters. */
    public boolean has(String name) {
        return first(name) != null;
    }

    /** Whether a comma-separated field such as {@code connection} holds a token. */
    boolean hasToken(String name, String token) {
        for (String value : all(name)) {
            for (String part : value.split(",", -1)) {
                if (part.strip().equalsIgnoreCase(token)) {
                    return true;
                }
            }
        }
        return false;
    }
}
