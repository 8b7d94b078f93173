package dev.weir.backends;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.core.GatewayException;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading and editing together: whatever the document, only what is meant to change does. */
class ModelSpliceTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String[] PIECES = {
        "a",
        "Z",
        " ",
        "é",
        "模",
        "🦙",
        "\\n",
        "\\\"",
        "\\\\",
        "\\u00e9",
        "\\ud83e\\udd99",
        "\\/",
        "}",
        "{",
        "]",
        ",",
        ":",
        "model"
    };
    private static final String[] SPACES = {"", "", "", " ", "\n", "\t", "\r\n  "};

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void onlyTheModelOfARandomDocumentChanges(long seed) throws Exception {
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            String json = document(random, i % 50 == 0 ? 600 : random.nextInt(12));
            ByteBuf body = split(json.getBytes(UTF_8), random);
            ModelRequest request = JsonModelScan.scan(body);
            String replacement = "new \"模型\" " + i;

            assertThat(body.readerIndex()).isEqualTo(2);
            assertThat(MAPPER.readTree(bytes(body, request.modelSpan())).textValue())
                    .isEqualTo(request.model());
            byte[] spliced = splice(body, request.modelSpan(), BodyEdits.jsonString(replacement));
            ObjectNode expected = (ObjectNode) MAPPER.readTree(json);
            assertThat(request.model()).isEqualTo(expected.get("model").textValue());
            assertThat(request.stream()).isEqualTo(expected.path("stream").asBoolean());
            assertThat(MAPPER.readTree(spliced)).isEqualTo(expected.put("model", replacement));
            assertUntouchedAround(request.modelSpan(), json.getBytes(UTF_8), spliced);
            body.release();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 6})
    void aDamagedDocumentIsReadAsJacksonReadsItOrRefused(long seed) throws Exception {
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] json = document(random, random.nextInt(4)).getBytes(UTF_8);
            json[random.nextInt(json.length)] = (byte) random.nextInt(256);
            ByteBuf body = Unpooled.wrappedBuffer(json);
            ModelRequest request = scanOrNull(body);
            if (request != null) {
                assertThat(MAPPER.readTree(json).path("model").textValue()).isEqualTo(request.model());
                assertThat(MAPPER.readTree(splice(body, request.modelSpan(), BodyEdits.jsonString("x")))
                                .path("model")
                                .textValue())
                        .isEqualTo("x");
            }
            body.release();
        }
    }

    @Test
    void offsetsHoldAtEveryPlaceAroundTheParsersBufferEnds() throws Exception {
        for (int end : new int[] {8_000, 16_000}) {
            for (int length = end - 90; length <= end + 10; length++) {
                String json = "{\"é\":\"" + "x".repeat(length)
                        + "\",\"max_completion_tokens\" : 7, \"model\" : \"a\\\"模\\u00e9\", \"z\":[1]}";
                ByteBuf body = Unpooled.wrappedBuffer(json.getBytes(UTF_8));
                ModelRequest request = JsonModelScan.scan(body);
                Span name = Objects.requireNonNull(request.maxCompletionTokensName());

                assertThat(bytes(body, request.modelSpan())).isEqualTo("\"a\\\"模\\u00e9\"".getBytes(UTF_8));
                assertThat(bytes(body, name)).isEqualTo("\"max_completion_tokens\"".getBytes(UTF_8));
                body.release();
            }
        }
    }

    @Test
    void twoEditsOfOneBodyGoTogether() throws Exception {
        ByteBuf body = Unpooled.copiedBuffer("{\"max_completion_tokens\":7,\"x\":1.0,\"model\":\"m\"}", UTF_8);
        ModelRequest request = JsonModelScan.scan(body);
        Span name = Objects.requireNonNull(request.maxCompletionTokensName());

        ByteBuf result = new BodyEdits(body)
                .replace(name, BodyEdits.jsonString("max_tokens"))
                .replace(request.modelSpan(), BodyEdits.jsonString("n"))
                .composite(UnpooledByteBufAllocator.DEFAULT);

        assertThat(result.toString(UTF_8)).isEqualTo("{\"max_tokens\":7,\"x\":1.0,\"model\":\"n\"}");
        result.release();
        body.release();
    }

    private static @Nullable ModelRequest scanOrNull(ByteBuf body) {
        try {
            return JsonModelScan.scan(body);
        } catch (GatewayException e) {
            return null;
        }
    }

    private static byte[] splice(ByteBuf body, Span span, byte[] replacement) {
        BodyEdits edits = new BodyEdits(body).replace(span, replacement);
        ByteBuf composite = edits.composite(UnpooledByteBufAllocator.DEFAULT);
        ByteBuf copy = Unpooled.buffer(edits.length());
        edits.writeTo(copy);
        byte[] bytes = ByteBufUtil.getBytes(composite);
        assertThat(ByteBufUtil.getBytes(copy)).isEqualTo(bytes).hasSize(edits.length());
        copy.release();
        composite.release();
        return bytes;
    }

    private static void assertUntouchedAround(Span span, byte[] before, byte[] after) {
        int tail = before.length - span.end();
        assertThat(new String(after, 0, span.start(), UTF_8)).isEqualTo(new String(before, 0, span.start(), UTF_8));
        assertThat(new String(after, after.length - tail, tail, UTF_8))
                .isEqualTo(new String(before, span.end(), tail, UTF_8));
    }

    private static byte[] bytes(ByteBuf body, Span span) {
        return ByteBufUtil.getBytes(body, body.readerIndex() + span.start(), span.length());
    }

    /** A composite of random pieces whose reader index is 2. */
    private static ByteBuf split(byte[] bytes, Random random) {
        CompositeByteBuf body = Unpooled.compositeBuffer(10_000);
        body.addComponent(true, Unpooled.wrappedBuffer(new byte[2]));
        int from = 0;
        while (from < bytes.length) {
            int to = Math.min(bytes.length, from + 1 + random.nextInt(random.nextBoolean() ? 8 : 20_000));
            body.addComponent(true, Unpooled.copiedBuffer(bytes, from, to - from));
            from = to;
        }
        return body.readerIndex(2);
    }

    private static String document(Random random, int others) {
        List<String> fields = new ArrayList<>();
        fields.add("\"model\"" + space(random) + ":" + space(random) + "\"m" + text(random, 10) + "\"");
        if (random.nextBoolean()) {
            fields.add("\"stream\":" + random.nextBoolean());
        }
        for (int i = 0; i < others; i++) {
            fields.add("\"" + text(random, 3) + i + "\"" + space(random) + ":" + value(random, 3));
        }
        Collections.shuffle(fields, random);
        return space(random) + "{" + space(random) + String.join("," + space(random), fields) + "}" + space(random);
    }

    private static String value(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2 -> String.valueOf(random.nextInt());
            case 3 -> String.valueOf(random.nextDouble());
            case 4, 5 -> "\"" + text(random, 200) + "\"";
            case 6 ->
                "[" + space(random) + value(random, depth - 1) + space(random) + "," + value(random, depth - 1) + "]";
            default ->
                "{\"model\":" + value(random, depth - 1) + ",\"stream\"" + space(random) + ":"
                        + value(random, depth - 1) + "}";
        };
    }

    private static String text(Random random, int maxPieces) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxPieces + 1); i > 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        // No control characters where a model name may be made of this.
        return maxPieces == 10 ? text.toString().replace("\\n", "n") : text.toString();
    }

    private static String space(Random random) {
        return SPACES[random.nextInt(SPACES.length)];
    }
}
