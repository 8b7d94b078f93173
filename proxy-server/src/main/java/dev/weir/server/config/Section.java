package dev.weir.server.config;

import dev.weir.server.config.YamlNode.Mapping;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A block of the configuration that is bound later, by someone who knows its record: the settings of a middleware. It
 * remembers where everything stands, so that problems found then name file, line and path as well. Immutable.
 */
public final class Section {
    private final Mapping mapping;
    private final Environment environment;

    Section(Mapping mapping, Environment environment) {
        this.mapping = mapping;
        this.environment = environment;
    }

    /** The record of this block, or null when it cannot be bound; the problems then say why. */
    public <T extends Record> @Nullable T bind(Class<T> type, Problems problems) {
        return new Binder(environment, problems).bind(type, mapping);
    }

    /** This block with another laid over it: maps merge, everything else is replaced. */
    public Section merge(Section over) {
        return new Section(mapping.merge(over.mapping), environment);
    }

    /** An empty block with a path of its own, in place of one that is not written. */
    Section absent(String path) {
        Location location = mapping.location();
        return new Section(
                Mapping.empty(new Location(location.file(), location.line(), location.column(), path)), environment);
    }

    public String path() {
        return mapping.location().path();
    }

    public Set<String> keys() {
        return mapping.entries().keySet();
    }

    /** A problem with this block as a whole, or with one of its keys when {@code key} names one. */
    public Problem problem(@Nullable String key, String message, @Nullable String hint) {
        if (key == null) {
            return new Problem(mapping.location(), message, hint);
        }
        YamlNode value = mapping.get(key);
        return new Problem(value == null ? mapping.location().key(key) : value.location(), message, hint);
    }

    /** The block as plain Java, secrets included: immutable maps and lists, text, numbers, booleans, null. */
    public Map<String, @Nullable Object> toMap() {
        return mapping.plain();
    }

    Mapping mapping() {
        return mapping;
    }

    /** Whether both say the same, wherever it stands. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Section section && toMap().equals(section.toMap());
    }

    @Override
    public int hashCode() {
        return toMap().hashCode();
    }

    /** The path only: a block may hold secrets. */
    @Override
    public String toString() {
        return "Section[" + path() + "]";
    }
}
