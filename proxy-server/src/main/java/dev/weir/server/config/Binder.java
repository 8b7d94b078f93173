package dev.weir.server.config;

import dev.weir.server.config.YamlNode.Broken;
import dev.weir.server.config.YamlNode.Entry;
import dev.weir.server.config.YamlNode.Mapping;
import dev.weir.server.config.YamlNode.Scalar;
import dev.weir.server.config.YamlNode.Sequence;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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
        reportUnknownKeys(settings, mapping);
        @Nullable Object[] values = new Object[settings.size()];
        boolean complete = true;
        for (int i = 0; i < values.length; i++) {
            Setting setting = settings.get(i);
            YamlNode node = node(setting, mapping);
            if (node != null) {
                values[i] = value(setting.type(), node);
                complete &= values[i] != null;
            } else if (setting.required()) {
                problems.add(mapping.location().key(setting.key()), "missing key");
                complete = false;
            }
        }
        return complete ? construct(type, values, mapping) : null;
    }

    private void reportUnknownKeys(List<Setting> settings, Mapping mapping) {
        List<String> known = settings.stream().map(Setting::key).toList();
        mapping.entries().forEach((key, entry) -> {
            if (!known.contains(key)) {
                problems.add(entry.keyLocation(), "unknown key", Suggestion.hint(key, known));
            }
        });
    }

    /** What stands for a setting: the written value, over its default where both are maps; null for a missing optional one. */
    private @Nullable YamlNode node(Setting setting, Mapping mapping) {
        YamlNode written = mapping.get(setting.key());
        YamlNode node = written;
        if (setting.defaultText() != null && (written == null || written instanceof Mapping)) {
            YamlNode fallback = defaultNode(setting, setting.defaultText(), mapping.location());
            node = written instanceof Mapping over && fallback instanceof Mapping under ? under.merge(over) : node;
            node = written == null ? fallback : node;
        }
        return setting.nullable()
                        && node instanceof Scalar scalar
                        && scalar.text().isEmpty()
                ? null
                : node;
    }

    private YamlNode defaultNode(Setting setting, String text, Location parent) {
        Location place = parent.key(setting.key());
        boolean isScalar = setting.type() instanceof Class<?> type && ScalarType.of(type, environment) != null;
        return isScalar
                ? YamlReader.readDefaultScalar(text, place, environment, problems)
                : YamlReader.readDefault(text, place, environment, problems);
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
                message = withoutHidden(String.valueOf(e.getMessage()), scalar);
            }
        }
        problems.add(node.location(), message + ", found " + node.description());
        return null;
    }

    private @Nullable List<?> list(Type itemType, YamlNode node) {
        boolean ofScalars = itemType instanceof Class<?> type && ScalarType.of(type, environment) != null;
        List<YamlNode> items;
        if (node instanceof Sequence sequence) {
            items = sequence.items();
        } else if (ofScalars && node instanceof Scalar scalar) {
            items = scalar.text().isEmpty() ? List.of() : List.of(scalar);
        } else {
            problems.add(node.location(), "expected a list, found " + node.description());
            return null;
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

    private <T extends Record> @Nullable T construct(Class<T> type, @Nullable Object[] values, Mapping mapping) {
        try {
            Class<?>[] parameters = Arrays.stream(type.getRecordComponents())
                    .map(RecordComponent::getType)
                    .toArray(Class<?>[]::new);
            Constructor<T> constructor = type.getDeclaredConstructor(parameters);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException cause) {
                reportRefusal(String.valueOf(cause.getMessage()), type, mapping);
                return null;
            }
            throw new IllegalStateException("the constructor of " + type.getName() + " failed", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot construct " + type.getName(), e);
        }
    }

    private void reportRefusal(String refusal, Class<?> type, Mapping mapping) {
        String message = refusal;
        for (Entry entry : mapping.entries().values()) {
            message = entry.value() instanceof Scalar scalar ? withoutHidden(message, scalar) : message;
        }
        Set<String> keys = Setting.of(type).stream().map(Setting::key).collect(Collectors.toSet());
        int colon = message.indexOf(": ");
        String key = colon < 0 ? "" : Setting.key(message.substring(0, colon));
        if (!keys.contains(key)) {
            problems.add(mapping.location(), message);
            return;
        }
        YamlNode at = mapping.get(key);
        Location place = at == null ? mapping.location().key(key) : at.location();
        problems.add(place, message.substring(colon + 2));
    }

    private static String withoutHidden(String message, Scalar scalar) {
        boolean hidden = scalar.exposure() != Exposure.OPEN && !scalar.text().isEmpty();
        return hidden ? message.replace(scalar.text(), Secrets.MASK) : message;
    }
}
