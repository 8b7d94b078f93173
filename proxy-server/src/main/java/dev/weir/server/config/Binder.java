package dev.weir.server.config;

import dev.weir.server.config.YamlNode.Broken;
import dev.weir.server.config.YamlNode.Mapping;
import dev.weir.server.config.YamlNode.Scalar;
import dev.weir.server.config.YamlNode.Sequence;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns a YAML map into a record. Any record whose components are scalars ({@link ScalarType}), records, lists, maps with text
 * keys, {@link Section}s or plain Objects will do:
 *
 * <ul>
 *   <li>a missing key takes the text of {@code @Default}, else null if the component is {@code @Nullable}, else is a problem;
 *   <li>a default map lies under the written one; an empty text counts as missing for a {@code @Nullable} component;
 *   <li>one scalar may stand for a list of scalars, an empty one for an empty list;
 *   <li>a key without a component is a problem, and so is an IllegalArgumentException of the record's constructor; when its
 *       message begins with a key ({@code weight: 0 (expected: >= 1)}), the problem stands at that key.
 * </ul>
 *
 * Binding goes on after a problem, to find them all; what could not be bound is null.
 */
final class Binder {
    private final Environment environment;
    private final Problems problems;

    Binder(Environment environment, Problems problems) {
        this.environment = environment;
        this.problems = problems;
    }

    /** The record, or null when something in it could not be bound: then the problems say what. */
    <T extends Record> @Nullable T bind(Class<T> type, Mapping mapping) {
        List<Setting> settings = Setting.of(type);
        boolean allKnown = reportUnknownKeys(settings, mapping);
        Construction<T> construction =
                new Construction<>(type, mapping, setting -> standIn(setting, mapping), problems);
        for (Setting setting : settings) {
            YamlNode node = node(setting, mapping);
            if (node != null) {
                construction.set(setting, node, value(setting.type(), node));
            } else if (setting.required()) {
                problems.add(mapping.location().key(setting.key()), "missing key");
                construction.miss(setting);
            }
        }
        T record = construction.construct();
        return allKnown ? record : null;
    }

    private boolean reportUnknownKeys(List<Setting> settings, Mapping mapping) {
        List<String> known = settings.stream().map(Setting::key).toList();
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                problems.add(entry.keyLocation(), "unknown key", Suggestion.hint(key, known));
            }
        });
        return known.containsAll(mapping.entries().keySet());
    }

    /** What stands for a setting: the written value, over its default where both are maps; null for a missing optional one. */
    private @Nullable YamlNode node(Setting setting, Mapping mapping) {
        YamlNode node = mapping.get(setting.key());
        if (node == null) {
            node = defaultNode(setting, mapping);
        } else if (node instanceof Mapping written && defaultNode(setting, mapping) instanceof Mapping under) {
            node = under.merge(written);
        }
        boolean empty = node instanceof Scalar scalar && scalar.text().isEmpty();
        return empty && setting.nullable() ? null : node;
    }

    private @Nullable YamlNode defaultNode(Setting setting, Mapping mapping) {
        String text = setting.defaultText();
        if (text == null) {
            return null;
        }
        Location place = mapping.location().key(setting.key());
        return isScalar(setting.type())
                ? YamlReader.readDefaultScalar(text, place, environment, problems)
                : YamlReader.readDefault(text, place, environment, problems);
    }

    /** The default's value, in place of one that is wrong, to find what else is wrong; null when there is none. */
    private @Nullable Object standIn(Setting setting, Mapping mapping) {
        YamlNode node = defaultNode(setting, mapping);
        return node == null ? null : value(setting.type(), node);
    }

    private boolean isScalar(Type type) {
        return type instanceof Class<?> plain && ScalarType.of(plain, environment) != null;
    }

    /** The node as a value of the type; null when it could not be bound and the problem has been reported. */
    private @Nullable Object value(Type type, YamlNode node) {
        if (node instanceof Broken) {
            return null;
        }
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            return generic.getRawType() == List.class ? list(arguments[0], node) : map(arguments[1], node);
        }
        Class<?> plain = (Class<?>) type;
        if (plain == Object.class) {
            return node.plain();
        }
        ScalarType scalarType = ScalarType.of(plain, environment);
        if (scalarType != null) {
            return scalar(scalarType, node);
        }
        if (plain != Section.class && !plain.isRecord()) {
            throw new IllegalStateException("settings cannot have the type " + plain.getName());
        }
        Mapping mapping = mapping(node);
        if (mapping == null) {
            return null;
        }
        return plain == Section.class
                ? new Section(mapping, environment)
                : bind(plain.asSubclass(Record.class), mapping);
    }

    private @Nullable Object scalar(ScalarType type, YamlNode node) {
        String message = "expected a single value";
        if (node instanceof Scalar scalar && !scalar.isNull()) {
            try {
                return type.parse(scalar.text());
            } catch (IllegalArgumentException e) {
                message = scalar.redact(String.valueOf(e.getMessage()));
            }
        }
        problems.add(node.location(), message + ", found " + node.description());
        return null;
    }

    private @Nullable List<?> list(Type itemType, YamlNode node) {
        List<YamlNode> items;
        if (node instanceof Sequence sequence) {
            items = sequence.items();
        } else if (isScalar(itemType) && node instanceof Scalar scalar) {
            items = scalar.text().isEmpty() ? List.of() : List.of(scalar);
        } else {
            problems.add(node.location(), "expected a list, found " + node.description());
            return null;
        }
        if (itemType == Object.class && node instanceof Sequence sequence) {
            return sequence.plain();
        }
        List<Object> values = new ArrayList<>();
        for (YamlNode item : items) {
            Object value = value(itemType, item);
            if (value != null) {
                values.add(value);
            }
        }
        return values.size() == items.size() ? Collections.unmodifiableList(values) : null;
    }

    private @Nullable Map<String, ?> map(Type valueType, YamlNode node) {
        Mapping mapping = mapping(node);
        if (mapping == null || valueType == Object.class) {
            return mapping == null ? null : mapping.plain();
        }
        Map<String, Object> values = new LinkedHashMap<>();
        mapping.entries().forEach((key, entry) -> {
            Object value = value(valueType, entry.value());
            if (value != null) {
                values.put(key, value);
            }
        });
        return values.size() == mapping.entries().size() ? Collections.unmodifiableMap(values) : null;
    }

    /** The node as a map; a key without value is an empty one. */
    private @Nullable Mapping mapping(YamlNode node) {
        if (node instanceof Mapping mapping) {
            return mapping;
        }
        if (node instanceof Scalar scalar && scalar.isNull()) {
            return Mapping.empty(node.location());
        }
        problems.add(node.location(), "expected a map, found " + node.description());
        return null;
    }
}
