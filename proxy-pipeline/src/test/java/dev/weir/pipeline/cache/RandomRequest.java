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

    /** One that the same model always answers alike: a chat, or else a completion. */
    static RandomRequest generation(Random random, boolean chat) {
        Map<String, @Nullable Object> fields = object(random, 3);
        fields.put("model", "m");
        if (chat) {
            List<@Nullable Object> messages = new ArrayList<>();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                messages.add(message(random));
            }
            fields.put("messages", messages);
        } else {
            fields.put("prompt", random.nextBoolean() ? text(random) : List.of(text(random), text(random)));
        }
        if (random.nextBoolean()) {
            fields.put("max_tokens", BigDecimal.valueOf(random.nextInt(1_000)));
        }
        if (random.nextBoolean()) {
            // Not as a decimal: a seed is one only where it is written as an integer.
            fields.put("seed", random.nextLong());
        } else {
            fields.put("temperature", BigDecimal.ZERO);
        }
        return new RandomRequest(fields);
    }

    private static Map<String, @Nullable Object> message(Random random) {
        Map<String, @Nullable Object> message = object(random, 2);
        message.put("role", List.of("system", "user", "assistant", "tool").get(random.nextInt(4)));
        message.put("content", value(random, 2));
        if (random.nextInt(3) == 0) {
            // It counts here, whatever it means at the top.
            message.put(random.nextBoolean() ? "user" : "stream", text(random));
        }
        return message;
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

    /** The same with one of {@code names}, which matter to nothing, put in, changed or taken away. */
    RandomRequest withAnother(List<String> names, Random random) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(fields);
        String name = names.get(random.nextInt(names.size()));
        if (copy.containsKey(name) && random.nextBoolean()) {
            copy.remove(name);
        } else {
            copy.put(name, value(random, 2));
        }
        return new RandomRequest(copy);
    }

    /** The same with one value changed, added or taken away somewhere below the field {@code name}. */
    RandomRequest changedBelow(String name, Random random) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(fields);
        copy.put(name, changedSomewhere(copy.get(name), random));
        return new RandomRequest(copy);
    }

    private static @Nullable Object changedSomewhere(@Nullable Object value, Random random) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            Map<@Nullable Object, @Nullable Object> copy = new LinkedHashMap<>(map);
            Object name = new ArrayList<>(copy.keySet()).get(random.nextInt(copy.size()));
            if (random.nextInt(5) == 0) {
                copy.remove(name);
            } else {
                copy.put(name, changedSomewhere(copy.get(name), random));
            }
            return copy;
        }
        if (value instanceof List<?> list && !list.isEmpty()) {
            List<@Nullable Object> copy = new ArrayList<>(list);
            int at = random.nextInt(copy.size());
            switch (random.nextInt(6)) {
                case 0 -> copy.remove(at);
                case 1 -> copy.add(at, "new");
                default -> copy.set(at, changedSomewhere(copy.get(at), random));
            }
            return copy;
        }
        return change(value, random);
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
        if (value instanceof Long number) {
            return number + 1;
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
