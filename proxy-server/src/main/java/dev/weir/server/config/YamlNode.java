package dev.weir.server.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.Tag;

/** A value of the configuration, substituted, with its place. Immutable. */
sealed interface YamlNode {
    Location location();

    /** For messages: what this is, in an operator's words. */
    String description();

    /** A message without the values in this node that must not be quoted. */
    String redact(String message);

    /** The value as plain Java: immutable maps and lists, text, numbers, booleans, null. */
    @Nullable
    Object plain();

    /** Text, a number, a boolean or nothing. */
    record Scalar(Location location, String text, Tag tag, Exposure exposure) implements YamlNode {
        boolean isNull() {
            return tag.equals(Tag.NULL);
        }

        @Override
        public String description() {
            if (isNull()) {
                return "nothing";
            }
            return exposure == Exposure.OPEN ? '"' + Secrets.maskUrl(text) + '"' : Secrets.MASK;
        }

        @Override
        public String redact(String message) {
            if (exposure == Exposure.OPEN || text.isEmpty()) {
                return message;
            }
            String whole = "(?<![A-Za-z0-9])" + Pattern.quote(text) + "(?![A-Za-z0-9])";
            return message.replaceAll(whole, Secrets.MASK);
        }

        /** Numbers as JSON writes them and true/false; YAML's further forms (octal, 1:30, yes) stay text. */
        @Override
        public @Nullable Object plain() {
            if (isNull()) {
                return null;
            }
            if (tag.equals(Tag.BOOL) && (text.equals("true") || text.equals("false"))) {
                return Boolean.valueOf(text);
            }
            try {
                if (tag.equals(Tag.INT) && !text.contains("_")) {
                    long number = Long.parseLong(text);
                    return number == (int) number ? (Object) (int) number : (Object) number;
                }
                if (tag.equals(Tag.FLOAT) && !text.contains("_")) {
                    return Double.valueOf(text);
                }
            } catch (NumberFormatException anotherForm) {
                return text;
            }
            return text;
        }

        @Override
        public String toString() {
            return location.path() + ": " + description();
        }
    }

    /** A list. */
    record Sequence(Location location, List<YamlNode> items) implements YamlNode {
        @Override
        public String description() {
            return "a list";
        }

        @Override
        public String redact(String message) {
            String redacted = message;
            for (YamlNode item : items) {
                redacted = item.redact(redacted);
            }
            return redacted;
        }

        @Override
        public List<@Nullable Object> plain() {
            List<@Nullable Object> values = new ArrayList<>();
            items.forEach(item -> values.add(item.plain()));
            return Collections.unmodifiableList(values);
        }
    }

    /** One key of a map and its value. */
    record Entry(Location keyLocation, YamlNode value) {}

    /** A map, in the order of the file. */
    record Mapping(Location location, Map<String, Entry> entries) implements YamlNode {
        static Mapping empty(Location location) {
            return new Mapping(location, Map.of());
        }

        /** The value of a key; null when the key is missing or has no value, which is the same. */
        @Nullable
        YamlNode get(String key) {
            Entry entry = entries.get(key);
            YamlNode value = entry == null ? null : entry.value;
            return value instanceof Scalar scalar && scalar.isNull() ? null : value;
        }

        /** The map under a key, empty when there is none. */
        Mapping mapping(String key) {
            return get(key) instanceof Mapping mapping ? mapping : empty(location.key(key));
        }

        /** The items of the list under a key, or the one scalar written in its place. */
        List<YamlNode> items(String key) {
            YamlNode value = get(key);
            if (value instanceof Sequence sequence) {
                return sequence.items;
            }
            return value instanceof Scalar ? List.of(value) : List.of();
        }

        /** This map with another laid over it: maps merge, everything else is replaced; a key without value changes nothing. */
        Mapping merge(Mapping over) {
            Map<String, Entry> merged = new LinkedHashMap<>(entries);
            over.entries.forEach((key, entry) -> {
                if (!merged.containsKey(key)) {
                    merged.put(key, entry);
                } else if (over.get(key) instanceof Mapping upper && get(key) instanceof Mapping lower) {
                    merged.put(key, new Entry(entry.keyLocation, lower.merge(upper)));
                } else if (over.get(key) != null) {
                    merged.put(key, entry);
                }
            });
            return new Mapping(over.location, merged);
        }

        Mapping with(String key, YamlNode value) {
            Map<String, Entry> changed = new LinkedHashMap<>(entries);
            Entry present = entries.get(key);
            changed.put(key, new Entry(present == null ? value.location() : present.keyLocation, value));
            return new Mapping(location, changed);
        }

        @Override
        public String description() {
            return "a map";
        }

        @Override
        public String redact(String message) {
            String redacted = message;
            for (Entry entry : entries.values()) {
                redacted = entry.value.redact(redacted);
            }
            return redacted;
        }

        @Override
        public Map<String, @Nullable Object> plain() {
            Map<String, @Nullable Object> values = new LinkedHashMap<>();
            entries.forEach((key, entry) -> values.put(key, entry.value.plain()));
            return Collections.unmodifiableMap(values);
        }
    }

    /** Stands for a value whose problem has been reported already. */
    record Broken(Location location) implements YamlNode {
        @Override
        public String description() {
            return "a broken value";
        }

        @Override
        public String redact(String message) {
            return message;
        }

        @Override
        public @Nullable Object plain() {
            return null;
        }
    }
}
