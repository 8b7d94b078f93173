package dev.weir.server.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.pipeline.auth.AuthSettings;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The JSON Schema (2020-12) of the configuration, generated from the records that hold it, so that editors complete and check
 * the file. It knows shapes, names and defaults; ranges and cross references are the reader's business.
 */
public final class JsonSchema {
    private static final Environment NO_ENVIRONMENT = new Environment(Map.of());
    private static final String REFERENCE = "#/$defs/";

    private final Map<String, Class<? extends Record>> middleware;
    private final Map<String, Object> definitions = new TreeMap<>();

    private JsonSchema(Map<String, Class<? extends Record>> middleware) {
        this.middleware = middleware;
    }

    /** The schema's text. Middlewares are given by name with the records of their settings; of others any settings pass. */
    public static String generate(Map<String, Class<? extends Record>> middleware) {
        Map<String, Object> schema = new JsonSchema(new TreeMap<>(middleware)).root();
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        DefaultPrettyPrinter printer =
                new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
        try {
            return new ObjectMapper().writer(printer).writeValueAsString(schema) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Object> root() {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("title", "Weir configuration");
        schema.putAll(object(WeirConfig.class));
        definitions.put("substitution", text("\\$\\{[^}]+\\}"));
        definitions.put("text", Map.of("type", List.of("string", "number", "boolean")));
        for (String type : List.of("boolean", "integer", "number")) {
            definitions.put(type, anyOf(Map.of("type", type), reference("substitution")));
        }
        definitions.put(
                "duration",
                anyOf(Map.of("type", "number"), text("^" + Durations.PATTERN + "$"), reference("substitution")));
        schema.put("$defs", definitions);
        return schema;
    }

    private Map<String, Object> object(Class<?> record) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<Setting> settings = Setting.of(record);
        settings.forEach(setting -> properties.put(setting.key(), property(setting)));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("additionalProperties", false);
        List<String> required =
                settings.stream().filter(Setting::required).map(Setting::key).toList();
        if (!required.isEmpty()) {
            schema.put("required", required);
        }
        return schema;
    }

    private Map<String, Object> property(Setting setting) {
        Map<String, Object> schema = new LinkedHashMap<>();
        if (isSections(setting.type())) {
            schema.putAll(sections());
        } else if (setting.type() == Section.class) {
            schema.putAll(reference(AuthSettings.class));
        } else {
            schema.putAll(schema(setting.type(), setting.defaultText()));
        }
        Object value = defaultValue(setting);
        if (value != null) {
            schema.put("default", value);
        }
        return schema;
    }

    /** Scalars and lists only: the defaults of a block stand at its own keys. */
    private static @Nullable Object defaultValue(Setting setting) {
        String text = setting.defaultText();
        if (text == null || text.equals("{}") || text.isEmpty()) {
            return null;
        }
        Problems ignored = new Problems();
        Location nowhere = Location.startOf("");
        YamlNode node = setting.type() == String.class
                ? YamlReader.readDefaultScalar(text, nowhere, NO_ENVIRONMENT, ignored)
                : YamlReader.readDefault(text, nowhere, NO_ENVIRONMENT, ignored);
        Object value = node.plain();
        return value == null || value.equals("") ? null : value;
    }

    private Map<String, Object> schema(Type type, @Nullable String defaultText) {
        if (type instanceof ParameterizedType generic) {
            Type[] arguments = generic.getActualTypeArguments();
            return generic.getRawType() == List.class ? list(arguments[0]) : map(arguments[1]);
        }
        Class<?> plain = (Class<?>) type;
        if (plain == Object.class) {
            return Map.of();
        }
        ScalarType scalar = ScalarType.of(plain, NO_ENVIRONMENT);
        if (scalar == null) {
            return reference(plain);
        }
        return scalar.constants().isEmpty() ? reference(scalar.json()) : constants(scalar, defaultText);
    }

    /** The reader takes constants in any case; the schema offers that in which the default is written. */
    private static Map<String, Object> constants(ScalarType type, @Nullable String defaultText) {
        boolean upper = defaultText != null && !type.constants().contains(defaultText);
        List<String> offered = type.constants().stream()
                .map(name -> upper ? name.toUpperCase(Locale.ROOT) : name)
                .toList();
        return anyOf(Map.of("enum", offered), reference("substitution"));
    }

    private Map<String, Object> list(Type itemType) {
        Map<String, Object> items = schema(itemType, null);
        Map<String, Object> list = new LinkedHashMap<>();
        list.put("type", "array");
        list.put("items", items);
        boolean ofScalars = itemType instanceof Class<?> type && ScalarType.of(type, NO_ENVIRONMENT) != null;
        return ofScalars ? anyOf(list, items) : list;
    }

    private Map<String, Object> map(Type valueType) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("type", "object");
        map.put("additionalProperties", schema(valueType, null));
        return map;
    }

    private static boolean isSections(Type type) {
        return type instanceof ParameterizedType generic
                && generic.getRawType() == Map.class
                && generic.getActualTypeArguments()[1] == Section.class;
    }

    private Map<String, Object> sections() {
        Map<String, Object> properties = new LinkedHashMap<>();
        middleware.forEach((name, record) -> properties.put(name, reference(record)));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put("additionalProperties", Map.of("type", "object"));
        return schema;
    }

    private Map<String, Object> reference(Class<?> record) {
        String name =
                record.getName().substring(record.getPackageName().length() + 1).replace('$', '.');
        if (!definitions.containsKey(name)) {
            definitions.put(name, Map.of());
            definitions.put(name, object(record));
        }
        return reference(name);
    }

    private static Map<String, Object> reference(String definition) {
        return Map.of("$ref", REFERENCE + definition);
    }

    private static Map<String, Object> text(String pattern) {
        return new TreeMap<>(Map.of("type", "string", "pattern", pattern));
    }

    private static Map<String, Object> anyOf(Object... choices) {
        return Map.of("anyOf", List.of(choices));
    }
}
