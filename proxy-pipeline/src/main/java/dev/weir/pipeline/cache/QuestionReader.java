package dev.weir.pipeline.cache;

import dev.weir.core.ModelProfile;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's body as a question: a hash of the JSON in a form that does not depend on the order of names, on white
 * space, on how a number or a character is spelled, nor on fields that are volatile for the call. Everything else counts,
 * unknown fields too.
 *
 * <p>What two parsers might read in two ways is no question: a name given twice. The rest of that kind has been refused where
 * the body was checked, as a route's {@link dev.weir.core.Route.RequestReader} does. One for each body; runs on the event loop.
 */
final class QuestionReader {
    /** Bounds the time on the event loop: reading so much takes 1 ms of text, 10 to 16 of small values, 35 of 100,000 names. */
    static final int MAX_BODY_BYTES = 1 << 20;

    private static final int BODY = 0;

    private final CacheableCall call;
    private final JsonOutline json;
    private final List<Field> fields;

    /**
     * A member of an object.
     *
     * @param value its number in the outline
     */
    private record Field(String name, int value) implements Comparable<Field> {
        @Override
        public int compareTo(Field other) {
            return name.compareTo(other.name);
        }
    }

    private QuestionReader(CacheableCall call, JsonOutline json) {
        this.call = call;
        this.json = json;
        this.fields = fields(BODY);
    }

    /**
     * The question in {@code body}, an object of checked JSON, which is borrowed; null when its answer must not be kept.
     *
     * @param context what else tells questions apart: the call, who asks, the form that is wanted
     */
    static @Nullable Question read(CacheableCall call, CacheKey context, ByteBuf body, ModelProfile profile) {
        try {
            return new QuestionReader(call, JsonOutline.of(body)).question(context, profile);
        } catch (IllegalArgumentException | ArithmeticException ambiguous) {
            return null;
        }
    }

    private @Nullable Question question(CacheKey context, ModelProfile profile) {
        boolean seeded = isGiven("seed", profile) && isInteger("seed");
        boolean cacheable = call.kind() == AnswerKind.EMBEDDINGS ? asks() : isDeterministic(seeded, profile);
        if (!cacheable) {
            return null;
        }
        Digester digester = Digester.begin().key(context).tag('Q');
        fields.removeIf(field -> call.isVolatile(field.name));
        digestFields(digester, fields);
        return new Question(digester.finish(), seeded);
    }

    /** The members of the object, in the order of their names. */
    private List<Field> fields(int object) {
        List<Field> found = new ArrayList<>();
        int behind = json.behind(object);
        for (int name = json.first(object); name < behind; name = json.behind(name + 1)) {
            if (json.kind(name) != '"' || name + 1 == behind) {
                throw new IllegalArgumentException("JSON: a name is missing");
            }
            found.add(new Field(json.string(name), name + 1));
        }
        Collections.sort(found);
        for (int i = 1; i < found.size(); i++) {
            if (found.get(i).name.equals(found.get(i - 1).name)) {
                throw new IllegalArgumentException("JSON: a name given twice");
            }
        }
        return found;
    }

    /** The number of the value; -1 if there is none, or null. */
    private int find(String name) {
        for (Field field : fields) {
            if (field.name.equals(name)) {
                return json.kind(field.value) == 'n' ? -1 : field.value;
            }
        }
        return -1;
    }

    /** Whether there is anything to embed: a request without it has a server load or unload its model. */
    private boolean asks() {
        return isFilled(find("input")) || isFilled(find("prompt"));
    }

    private boolean isFilled(int value) {
        if (value < 0) {
            return false;
        }
        return switch (json.kind(value)) {
            case '"' -> json.end(value) - json.start(value) > 2;
            case '{', '[' -> json.first(value) < json.behind(value);
            default -> false;
        };
    }

    /** Whether a model gives the same answer each time, and gives it without doing anything else. */
    private boolean isDeterministic(boolean seeded, ModelProfile profile) {
        boolean cold = isGiven("temperature", profile) && isNumber(find("temperature"), "0");
        boolean single = isOneOrAbsent("n") && isOneOrAbsent("best_of");
        int store = find("store");
        boolean acts = (store >= 0 && json.kind(store) != 'f') || find("web_search_options") >= 0;
        return (seeded || (cold && single)) && !acts;
    }

    private boolean isGiven(String field, ModelProfile profile) {
        return find(field) >= 0 && !profile.drops().contains(field);
    }

    private boolean isInteger(String field) {
        int value = find(field);
        if (!isNumber(value)) {
            return false;
        }
        for (int at = json.start(value) + 1; at < json.end(value); at++) {
            if (!isDigit(json.json()[at])) {
                return false;
            }
        }
        return true;
    }

    private boolean isOneOrAbsent(String field) {
        int value = find(field);
        return value < 0 || isNumber(value, "1");
    }

    private boolean isNumber(int value, String canonical) {
        return isNumber(value) && canonicalNumber(value).equals(canonical);
    }

    private boolean isNumber(int value) {
        return value >= 0 && (json.kind(value) == '-' || isDigit(json.kind(value)));
    }

    private static boolean isDigit(byte octet) {
        return octet >= '0' && octet <= '9';
    }

    private void digestFields(Digester digester, List<Field> object) {
        digester.tag('o').number(object.size());
        for (Field field : object) {
            digester.text(field.name);
            digest(digester, field.value);
        }
    }

    private void digest(Digester digester, int value) {
        switch (json.kind(value)) {
            case '{' -> digestFields(digester, fields(value));
            case '[' -> {
                digester.tag('a');
                for (int item = json.first(value); item < json.behind(value); item = json.behind(item)) {
                    digest(digester, item);
                }
                digester.tag('z');
            }
            case '"' -> digestText(digester, value);
            case 't', 'f', 'n' -> digester.tag((char) json.kind(value));
            default -> digestNumber(digester, value);
        }
    }

    /** The same for a character that stands for itself and one that is escaped. */
    private void digestText(Digester digester, int value) {
        digester.tag('s');
        if (!json.isEscaped(value)) {
            digester.bytes(json.json(), json.start(value) + 1, json.end(value) - 1);
            return;
        }
        String text = json.string(value);
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        digester.bytes(utf8, 0, utf8.length);
        if (!text.equals(new String(utf8, StandardCharsets.UTF_8))) {
            // UTF-8 has nothing for half of a surrogate pair.
            digester.tag('u').text(text);
        }
    }

    private void digestNumber(Digester digester, int value) {
        digester.tag('d');
        if (isPlain(value)) {
            digester.bytes(json.json(), json.start(value), json.end(value));
        } else {
            byte[] canonical = canonicalNumber(value).getBytes(StandardCharsets.US_ASCII);
            digester.bytes(canonical, 0, canonical.length);
        }
    }

    /** Whether the number stands there in its canonical form: a whole one without a zero at its end. */
    private boolean isPlain(int value) {
        byte[] text = json.json();
        int end = json.end(value);
        for (int at = json.start(value); at < end; at++) {
            if (!isDigit(text[at])) {
                return false;
            }
        }
        return text[end - 1] != '0' || end - json.start(value) == 1;
    }

    private String canonicalNumber(int value) {
        return CanonicalNumber.of(json.json(), json.start(value), json.end(value));
    }
}
