package dev.weir.pipeline.cache;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.ModelProfile;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufUtil;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's body as a question: a hash of the JSON in a form that does not depend on the order of names, on white
 * space, on how a number or a character is spelled, nor on fields that are volatile for the call. Everything else counts,
 * unknown fields too.
 *
 * <p>Whatever two parsers might read in two ways is no question: a name given twice, text that is not UTF-8. Stateless; runs
 * on the event loop. Borrows bodies.
 */
final class QuestionReader {
    /** Bounds the time on the event loop: reading so much takes about ten milliseconds. */
    static final int MAX_BODY_BYTES = 1 << 20;

    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .reader();

    private QuestionReader() {}

    /**
     * The question in {@code body}; null when its answer must not be kept.
     *
     * @param context what else tells questions apart: the call, who asks, the form that is wanted
     */
    static @Nullable Question read(CacheableCall call, CacheKey context, ByteBuf body, ModelProfile profile) {
        ObjectNode request = object(body);
        if (request == null) {
            return null;
        }
        boolean seeded =
                isGiven(request, "seed", profile) && request.path("seed").isIntegralNumber();
        boolean cacheable =
                call.kind() == AnswerKind.EMBEDDINGS ? asks(request) : isDeterministic(request, seeded, profile);
        if (!cacheable) {
            return null;
        }
        Digester digester = Digester.begin().key(context).tag('C');
        digestFields(digester, request, call);
        return new Question(
                digester.finish(),
                seeded,
                request.path("stream_options").path("include_usage").asBoolean());
    }

    private static @Nullable ObjectNode object(ByteBuf body) {
        if (!ByteBufUtil.isText(body, StandardCharsets.UTF_8)) {
            return null;
        }
        try (InputStream in = new ByteBufInputStream(body.duplicate())) {
            return JSON.readTree(in) instanceof ObjectNode object ? object : null;
        } catch (JsonProcessingException | ArithmeticException | NumberFormatException unreadable) {
            return null;
        } catch (IOException e) {
            throw new IllegalStateException("a buffer in memory cannot be read", e);
        }
    }

    /** Whether there is anything to embed: a request without it has a server load or unload its model. */
    private static boolean asks(ObjectNode request) {
        return isFilled(request.path("input")) || isFilled(request.path("prompt"));
    }

    private static boolean isFilled(JsonNode value) {
        return value.isTextual() ? !value.asText().isEmpty() : !value.isEmpty();
    }

    /** Whether a model gives the same answer each time, and gives it without doing anything else. */
    private static boolean isDeterministic(ObjectNode request, boolean seeded, ModelProfile profile) {
        boolean cold = isGiven(request, "temperature", profile) && isZero(request.path("temperature"));
        boolean single = isOneOrAbsent(request.path("n")) && isOneOrAbsent(request.path("best_of"));
        boolean acts = request.path("store").asBoolean() || request.hasNonNull("web_search_options");
        return (seeded || (cold && single)) && !acts;
    }

    private static boolean isGiven(ObjectNode request, String field, ModelProfile profile) {
        return request.has(field) && !profile.drops().contains(field);
    }

    private static boolean isZero(JsonNode value) {
        return value.isNumber() && value.decimalValue().signum() == 0;
    }

    private static boolean isOneOrAbsent(JsonNode value) {
        return value.isMissingNode()
                || value.isNull()
                || (value.isNumber() && value.decimalValue().compareTo(BigDecimal.ONE) == 0);
    }

    private static void digest(Digester digester, JsonNode value) {
        switch (value.getNodeType()) {
            case OBJECT -> digestFields(digester, (ObjectNode) value, null);
            case ARRAY -> {
                digester.tag('a').number(value.size());
                for (JsonNode item : value) {
                    digest(digester, item);
                }
            }
            case STRING -> digester.tag('s').text(value.textValue());
            case NUMBER -> digester.tag('n').text(canonicalNumber(value));
            case BOOLEAN -> digester.tag(value.booleanValue() ? 't' : 'f');
            case NULL -> digester.tag('0');
            default -> throw new IllegalStateException("JSON has no " + value.getNodeType());
        }
    }

    /** @param top the call at whose top level these fields stand; null for those below */
    private static void digestFields(Digester digester, ObjectNode object, @Nullable CacheableCall top) {
        List<String> names = new ArrayList<>(object.size());
        for (Iterator<String> all = object.fieldNames(); all.hasNext(); ) {
            String name = all.next();
            if (top == null || !top.isVolatile(name)) {
                names.add(name);
            }
        }
        Collections.sort(names);
        digester.tag('o').number(names.size());
        for (String name : names) {
            digester.text(name);
            digest(digester, object.get(name));
        }
    }

    /** The same text for {@code 1}, {@code 1.0} and {@code 10e-1}. */
    private static String canonicalNumber(JsonNode number) {
        if (number.isInt() || number.isLong()) {
            long value = number.longValue();
            if (value % 10 != 0 || value == 0) {
                return Long.toString(value);
            }
        }
        return number.decimalValue().stripTrailingZeros().toString();
    }
}
