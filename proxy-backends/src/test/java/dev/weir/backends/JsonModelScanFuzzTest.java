package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.testing.Mutations;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Request bodies of any kind: what the scan understands, a whole parser understands in the same way. */
class JsonModelScanFuzzTest {
    private static final ObjectMapper JSON = new ObjectMapper(
                    new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION))
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Takes a name twice, which below the top level is the backend's business. */
    private static final ObjectMapper LENIENT =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final List<String> WORDS = List.of(
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"",
            "\\",
            "\\\"",
            "\\u0061",
            "\\ud83e",
            "null",
            "true",
            "false",
            "1e9",
            "-0",
            "1.",
            "\"model\"",
            "\"model\":\"x\",",
            "\"stream\":true,",
            "\"stream_options\":{\"include_usage\":true},",
            "\"max_completion_tokens\":5,",
            "\"max_tokens\":5,",
            "é",
            "ÿ",
            "\0",
            "\n",
            " ",
            "/*",
            "//",
            "[[[[[[[[",
            "{\"a\":",
            "\"m\\u006fdel\":\"y\",");

    private static final List<String> BODIES = List.of(
            "{\"model\":\"llama3\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}",
            "{\"temperature\":0.1,\"stream_options\":{\"include_usage\":false},\"model\":\"a/b:c\",\"max_completion_tokens\":12}",
            "{ \"input\" : [ \"a\" , \"b\" ] , \"model\" : \"m\\u00e9\" , \"x\" : { \"model\" : 3 } }",
            // Found: places are wrong behind a body that ends in the middle of a number.
            "{\"model\":\"a\",\"max_completion_tokens\":12",
            "{\"model\":null}",
            "[]",
            // Found: refused by design, for some servers take it.
            "{\"model\":\"llama3\",\"streaM\":true}",
            "{\"prompt\":\"say \\\"model\\\": \\\"no\\\"\",\"model\":\"yes\"}");

    @Test
    void whatItUnderstandsIsWhatAWholeParserUnderstands() {
        new Mutations(BODIES, WORDS).forEach(40_000, (input, random) -> {
            ByteBuf body = Unpooled.wrappedBuffer(input);
            JsonNode tree = tree(JSON, input);
            try {
                ModelRequest request = JsonModelScan.scan(body);
                JsonNode read = tree == null ? tree(LENIENT, input) : tree;
                assertThat(read).as("JSON").isNotNull();
                if (read != null) {
                    assertThat(request.model()).isEqualTo(read.path("model").textValue());
                    assertThat(request.stream())
                            .isEqualTo(read.path("stream").isBoolean()
                                    && read.path("stream").asBoolean());
                    assertThat(JSON.readTree(slice(input, request.modelSpan())).textValue())
                            .isEqualTo(request.model());
                }
            } catch (GatewayException refused) {
                assertThat(isPlain(tree, input))
                        .as("refused: " + refused.getMessage())
                        .isFalse();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            assertThat(body.readableBytes()).isEqualTo(input.length);
        });
    }

    private static String slice(byte[] input, ModelRequest.Span span) {
        return new String(input, span.start(), span.length(), StandardCharsets.UTF_8);
    }

    private static @Nullable JsonNode tree(ObjectMapper mapper, byte[] input) {
        try {
            return mapper.readTree(input);
        } catch (IOException e) {
            return null;
        }
    }

    /** An object that names a model with a usual name, and nothing that could be taken for it: nothing to refuse. */
    private static boolean isPlain(@Nullable JsonNode tree, byte[] input) {
        return tree != null
                // The other parser takes some octets that are no UTF-8.
                && isUtf8(input)
                && tree.isObject()
                && tree.path("model").isTextual()
                && tree.path("model").textValue().matches("[\\w:/.-]{1,200}")
                && (tree.path("stream").isMissingNode() || tree.path("stream").isBoolean())
                && tree.properties().stream().noneMatch(field -> isRefused(field.getKey()));
    }

    private static boolean isUtf8(byte[] input) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(input));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private static boolean isRefused(String name) {
        return name.indexOf('\0') >= 0
                || Stream.of("model", "stream").anyMatch(known -> known.equalsIgnoreCase(name) && !known.equals(name));
    }
}
