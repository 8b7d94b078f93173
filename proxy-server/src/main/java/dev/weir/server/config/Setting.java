package dev.weir.server.config;

import dev.weir.core.Default;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One component of a settings record, as the configuration knows it. The key is the component's name in snake_case; a
 * trailing underscore, for names that are Java's own words, is dropped.
 */
record Setting(
        String key, Type type, boolean nullable, @Nullable String defaultText) {

    static List<Setting> of(Class<?> record) {
        return Arrays.stream(record.getRecordComponents()).map(Setting::of).toList();
    }

    private static Setting of(RecordComponent component) {
        Default annotation = component.getAnnotation(Default.class);
        return new Setting(
                key(component.getName()),
                component.getGenericType(),
                component.getAnnotatedType().isAnnotationPresent(Nullable.class),
                annotation == null ? null : annotation.value());
    }

    /** What a record holds, by the keys of the file. */
    static Map<String, @Nullable Object> values(Record record) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            try {
                component.getAccessor().setAccessible(true);
                values.put(key(component.getName()), component.getAccessor().invoke(record));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("cannot read " + component, e);
            }
        }
        return values;
    }

    static String key(String name) {
        return name.replaceAll("(?=[A-Z])", "_").replaceFirst("_$", "").toLowerCase(Locale.ROOT);
    }

    boolean required() {
        return defaultText == null && !nullable;
    }
}
