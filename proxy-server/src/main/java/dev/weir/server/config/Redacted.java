package dev.weir.server.config;

import dev.weir.pipeline.auth.AuthSettings;
import dev.weir.server.config.YamlNode.Mapping;
import dev.weir.server.config.YamlNode.Scalar;
import dev.weir.server.config.YamlNode.Sequence;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The configuration as plain maps and lists in the file's own terms, for people to look at: every secret is masked. */
public final class Redacted {
    private Redacted() {}

    /**
     * The running configuration: {@code auth} with its defaults, and the settings of the middlewares as bound, by name; those
     * not given appear as they are written.
     */
    public static Map<String, Object> of(WeirConfig config, Map<String, ? extends Record> settings) {
        Map<String, Object> rendered = of(config);
        AuthSettings auth = config.auth().bind(AuthSettings.class, new Problems());
        if (auth != null) {
            rendered.put("auth", of(auth));
        }
        Map<String, Object> middleware = new LinkedHashMap<>();
        config.middleware().forEach((name, section) -> middleware.put(name, render(section.mapping())));
        settings.forEach((name, record) -> middleware.put(name, of(record)));
        rendered.put("middleware", middleware);
        return rendered;
    }

    /** A record by the keys of the file; what is absent is left out. */
    public static Map<String, Object> of(Record record) {
        Map<String, Object> rendered = new LinkedHashMap<>();
        Setting.values(record).forEach((key, value) -> {
            if (value != null) {
                rendered.put(key, render(value, exposure(key, value instanceof Map<?, ?>, Exposure.OPEN)));
            }
        });
        return rendered;
    }

    private static Exposure exposure(String key, boolean holdsMap, Exposure inherited) {
        return Secrets.isSecret(key, holdsMap) ? Exposure.SECRET : inherited;
    }

    private static Object render(Object value, Exposure exposure) {
        if (value instanceof Section section) {
            return render(section.mapping());
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> rendered = new LinkedHashMap<>();
            map.forEach((key, item) -> {
                if (item != null) {
                    String name = key.toString();
                    rendered.put(name, render(item, exposure(name, item instanceof Map<?, ?>, exposure)));
                }
            });
            return rendered;
        }
        if (value instanceof List<?> list) {
            return list.stream()
                    .filter(Objects::nonNull)
                    .map(item -> render(item, exposure))
                    .toList();
        }
        if (value instanceof Record record && !isScalar(record)) {
            return of(record);
        }
        return exposure == Exposure.SECRET ? mask(value.toString()) : scalar(value);
    }

    private static boolean isScalar(Record record) {
        return ScalarType.of(record.getClass(), new Environment(Map.of())) != null;
    }

    private static Object scalar(Object value) {
        if (value instanceof Number || value instanceof Boolean) {
            return value;
        }
        if (value instanceof Duration duration) {
            return Durations.format(duration);
        }
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT);
        }
        return Secrets.maskUrl(value.toString());
    }

    /** A block that is not bound yet: as it is written. */
    private static Object render(YamlNode node) {
        if (node instanceof Mapping mapping) {
            Map<String, Object> rendered = new LinkedHashMap<>();
            mapping.entries().forEach((key, entry) -> rendered.put(key, render(entry.value())));
            return rendered;
        }
        if (node instanceof Sequence sequence) {
            return sequence.items().stream().map(Redacted::render).toList();
        }
        Object plain = node.plain();
        boolean secret = node instanceof Scalar scalar && scalar.exposure() == Exposure.SECRET;
        return plain == null ? "" : secret ? mask(plain.toString()) : scalar(plain);
    }

    private static String mask(String secret) {
        return secret.isEmpty() ? "" : Secrets.MASK;
    }
}
