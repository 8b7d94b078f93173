package dev.weir.server.config;

import dev.weir.server.config.YamlNode.Mapping;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Calls the constructor of one record and reports what it refuses. A constructor stops at the first value it refuses; to find
 * the next, the default takes that value's place and the constructor is called again, the record then being thrown away.
 */
final class Construction<T extends Record> {
    private final Class<T> type;
    private final Mapping mapping;
    private final Problems problems;
    private final Map<String, @Nullable Object> values = new LinkedHashMap<>();
    private final Map<String, YamlNode> nodes = new HashMap<>();
    private final Map<String, Setting> settings = new HashMap<>();
    private final Function<Setting, @Nullable Object> standIn;
    /** The keys whose problem has been reported. */
    private final Set<String> wrong = new HashSet<>();

    /** What stands in for a wrong value is that of the setting's default, null when it has none. */
    Construction(Class<T> type, Mapping mapping, Function<Setting, @Nullable Object> standIn, Problems problems) {
        this.type = type;
        this.mapping = mapping;
        this.standIn = standIn;
        this.problems = problems;
        for (Setting setting : Setting.of(type)) {
            settings.put(setting.key(), setting);
            values.put(setting.key(), null);
        }
    }

    /** A null value is one that could not be bound, its problem reported. */
    void set(Setting setting, YamlNode node, @Nullable Object value) {
        values.put(setting.key(), value);
        nodes.put(setting.key(), node);
        if (value == null) {
            wrong.add(setting.key());
        }
    }

    /** A required key is missing, its problem reported. */
    void miss(Setting setting) {
        wrong.add(setting.key());
    }

    @Nullable
    T construct() {
        if (!wrong.stream().allMatch(this::replace)) {
            return null;
        }
        while (true) {
            try {
                T record = call();
                return wrong.isEmpty() ? record : null;
            } catch (IllegalArgumentException refusal) {
                String key = report(String.valueOf(refusal.getMessage()));
                if (key == null || !replace(key)) {
                    return null;
                }
            }
        }
    }

    /** Returns false when nothing can take the value's place: then nothing more can be found out. */
    private boolean replace(String key) {
        Setting setting = settings.get(key);
        if (setting == null || setting.required()) {
            return false;
        }
        Object value = standIn.apply(setting);
        values.put(key, value);
        return value != null || setting.nullable();
    }

    private T call() {
        try {
            Class<?>[] parameters = Arrays.stream(type.getRecordComponents())
                    .map(RecordComponent::getType)
                    .toArray(Class<?>[]::new);
            Constructor<T> constructor = type.getDeclaredConstructor(parameters);
            constructor.setAccessible(true);
            return constructor.newInstance(values.values().toArray());
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                throw refusal;
            }
            throw new IllegalStateException("the constructor of " + type.getName() + " failed", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot construct " + type.getName(), e);
        }
    }

    /** Returns the key it was about; null when there is none, or when it was the stand-in that was refused. */
    private @Nullable String report(String refusal) {
        int colon = refusal.indexOf(": ");
        String key = colon < 0 ? "" : Setting.key(refusal.substring(0, colon));
        if (!values.containsKey(key)) {
            // With a stand-in in place it may be the stand-in that does not fit.
            if (wrong.isEmpty()) {
                problems.add(mapping.location(), redact(refusal));
            }
            return null;
        }
        if (!wrong.add(key)) {
            return null;
        }
        YamlNode at = nodes.get(key);
        problems.add(at == null ? mapping.location().key(key) : at.location(), redact(refusal.substring(colon + 2)));
        return key;
    }

    private String redact(String message) {
        String redacted = message;
        for (YamlNode node : nodes.values()) {
            redacted = node.redact(redacted);
        }
        return redacted;
    }
}
