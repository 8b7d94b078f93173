package dev.weir.server.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A Java type that is written as one scalar: text, numbers, durations, paths, enums (their constants in lower case), and
 * every type that has a {@code static T parse(String)}, which says by IllegalArgumentException what it expected.
 *
 * @param json what the schema calls it: text, boolean, integer, number or duration
 * @param constants those of an enum, else empty
 */
record ScalarType(String json, List<String> constants, Function<String, Object> parser) {
    private static final Map<Class<?>, ScalarType> BUILT_IN = Map.ofEntries(
            Map.entry(String.class, new ScalarType("text", List.of(), text -> text)),
            Map.entry(boolean.class, new ScalarType("boolean", List.of(), ScalarType::bool)),
            Map.entry(Boolean.class, new ScalarType("boolean", List.of(), ScalarType::bool)),
            Map.entry(int.class, new ScalarType("integer", List.of(), number("whole number", Integer::valueOf))),
            Map.entry(Integer.class, new ScalarType("integer", List.of(), number("whole number", Integer::valueOf))),
            Map.entry(long.class, new ScalarType("integer", List.of(), number("whole number", Long::valueOf))),
            Map.entry(Long.class, new ScalarType("integer", List.of(), number("whole number", Long::valueOf))),
            Map.entry(double.class, new ScalarType("number", List.of(), number("number", ScalarType::finite))),
            Map.entry(Double.class, new ScalarType("number", List.of(), number("number", ScalarType::finite))),
            Map.entry(Duration.class, new ScalarType("duration", List.of(), Durations::parse)));

    /** Null when values of this type are not scalars. */
    static @Nullable ScalarType of(Class<?> type, Environment environment) {
        if (type == Path.class) {
            return new ScalarType("text", List.of(), environment::resolve);
        }
        if (type.isEnum()) {
            return ofEnum(type);
        }
        ScalarType builtIn = BUILT_IN.get(type);
        return builtIn != null ? builtIn : ofParse(type);
    }

    /** Throws IllegalArgumentException saying what was expected. */
    Object parse(String text) {
        return parser.apply(text);
    }

    private static boolean bool(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw new IllegalArgumentException("expected true or false");
        };
    }

    private static Double finite(String text) {
        double number = Double.parseDouble(text);
        if (!Double.isFinite(number)) {
            throw new NumberFormatException();
        }
        return number;
    }

    private static Function<String, Object> number(String expected, Function<String, Object> parser) {
        return text -> {
            try {
                return parser.apply(text);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("expected a " + expected, e);
            }
        };
    }

    private static ScalarType ofEnum(Class<?> type) {
        Object[] constants = type.getEnumConstants();
        List<String> names = Arrays.stream(constants)
                .map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT))
                .toList();
        return new ScalarType("text", names, text -> {
            int index = names.indexOf(text.toLowerCase(Locale.ROOT));
            if (index < 0) {
                throw new IllegalArgumentException("expected one of " + String.join(", ", names));
            }
            return constants[index];
        });
    }

    private static @Nullable ScalarType ofParse(Class<?> type) {
        Method parse;
        try {
            parse = type.getDeclaredMethod("parse", String.class);
        } catch (NoSuchMethodException e) {
            return null;
        }
        if (!Modifier.isStatic(parse.getModifiers()) || parse.getReturnType() != type) {
            return null;
        }
        parse.setAccessible(true);
        return new ScalarType("text", List.of(), text -> {
            try {
                return parse.invoke(null, text);
            } catch (InvocationTargetException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
