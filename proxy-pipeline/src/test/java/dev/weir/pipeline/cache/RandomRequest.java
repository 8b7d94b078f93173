package dev.weir.pipeline.cache;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A random JSON object with an {@code input}, as plain Java: maps, lists, text, numbers, booleans, null. Written plainly, or in
 * another order with other white space, escapes and forms of numbers.
 */
record RandomRequest(Map<String, @Nullable Object> fields) {
    private static final String ALPHABET = "ab \"\\/\n\t\u0001é堰\uD83D\uDE00{}[]:,0.e";

    static RandomRequest of(Random random) {
        Map<String, @Nullable Object> fields = object(random, 3);
        fields.put("input", "x" + text(random));
        fields.put("model", "m");
        return new RandomRequest(fields);
    }

    private static Map<String, @Nullable Object> object(Random random, int depth) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            object.put("f" + text(random), value(random, depth - 1));
        }
        return object;
    }

    private static @Nullable Object value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> BigDecimal.valueOf(random.nextInt(200) - 100);
            case 3 -> BigDecimal.valueOf(random.nextLong() >> random.nextInt(64), random.nextInt(30));
            case 4 -> text(random);
            case 5 -> {
                List<@Nullable Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(random, depth - 1));
                }
                yield list;
            }
            default -> object(random, depth);
        };
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            int[] points = ALPHABET.codePoints().toArray();
            text.appendCodePoint(points[random.nextInt(points.length)]);
        }
        return text.toString();
    }

    /** The same with one value somewhere replaced, or a field added or taken away. */
    RandomRequest changed(Random random) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(fields);
        List<String> names = new ArrayList<>(copy.keySet());
        String name = names.get(random.nextInt(names.size()));
        switch (random.nextInt(3)) {
            case 0 -> copy.put("another" + text(random), value(random, 1));
            case 1 -> copy.put(name, change(copy.get(name), random));
            default -> {
                if (name.equals("input")) {
                    copy.put(name, List.of(String.valueOf(copy.get(name))));
                } else {
                    copy.remove(name);
                }
            }
        }
        return new RandomRequest(copy);
    }

    private static @Nullable Object change(@Nullable Object value, Random random) {
        if (value instanceof BigDecimal number) {
            return number.add(BigDecimal.ONE.movePointLeft(random.nextInt(40)));
        }
        if (value instanceof String text) {
            return text + ALPHABET.charAt(random.nextInt(4));
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> longer = new ArrayList<>(list);
            longer.add(random.nextInt(longer.size() + 1), "new");
            return longer;
        }
        if (value instanceof Boolean bool) {
            return !bool;
        }
        return value == null ? "null" : null;
    }

    /** As most programs would write it. */
    String plain() {
        StringBuilder out = new StringBuilder();
        write(out, fields, null);
        return out.toString();
    }

    /** With everything changed that does not matter. */
    String writtenOtherwise(Random random) {
        StringBuilder out = new StringBuilder();
        write(out, fields, random);
        return out.toString();
    }

    private static void write(StringBuilder out, @Nullable Object value, @Nullable Random random) {
        space(out, random);
        if (value instanceof Map<?, ?> map) {
            List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
            if (random != null) {
                Collections.shuffle(entries, random);
            }
            out.append('{');
            String comma = "";
            for (Map.Entry<?, ?> entry : entries) {
                out.append(comma);
                write(out, String.valueOf(entry.getKey()), random);
                out.append(':');
                write(out, entry.getValue(), random);
                comma = ",";
            }
            out.append('}');
        } else if (value instanceof List<?> list) {
            out.append('[');
            String comma = "";
            for (Object item : list) {
                out.append(comma);
                write(out, item, random);
                comma = ",";
            }
            out.append(']');
        } else if (value instanceof String text) {
            writeText(out, text, random);
        } else if (value instanceof BigDecimal number) {
            out.append(random == null ? number.toString() : form(number, random));
        } else {
            out.append(value);
        }
        space(out, random);
    }

    private static String form(BigDecimal number, Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> number.toPlainString();
            case 1 ->
                number.setScale(Math.max(0, number.scale()) + random.nextInt(3)).toPlainString();
            case 2 -> number.stripTrailingZeros().toString();
            default -> number.unscaledValue() + "e" + -number.scale();
        };
    }

    private static void writeText(StringBuilder out, String text, @Nullable Random random) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char unit = text.charAt(i);
            boolean surrogate = Character.isSurrogate(unit);
            if (unit < 0x20 || (random != null && !surrogate && random.nextInt(4) == 0)) {
                out.append(String.format("\\u%04x", (int) unit));
            } else if (unit == '"' || unit == '\\') {
                out.append('\\').append(unit);
            } else {
                out.append(unit);
            }
        }
        out.append('"');
    }

    private static void space(StringBuilder out, @Nullable Random random) {
        for (int i = random == null ? 0 : random.nextInt(3); i > 0; i--) {
            out.append(" \t\r\n".charAt(i));
        }
    }
}
