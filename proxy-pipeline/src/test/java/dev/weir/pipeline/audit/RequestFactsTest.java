package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.audit.AuditEntry.Body;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class RequestFactsTest {
    private static final String BODY = """
            {"metadata": {"x": [1, {}], "conversation_id": "c"}, "messages": [\
            {"content": "Be brief", "role": "system"}, \
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}, {"type": "text", "text": "What\\nis this?"}]}, \
            {"role": "user", "content": "later"}], "user": "ada"}""";

    private static RequestFacts scan(String json) {
        ByteBuf body = Unpooled.copiedBuffer(json, StandardCharsets.UTF_8);
        try {
            return RequestFacts.scan(body);
        } finally {
            body.release();
        }
    }

    private static RequestFacts read(String json) {
        return RequestFacts.read(new Body(json, false));
    }

    @Test
    void aChatTellsUserConversationAndTitle() {
        assertThat(read(BODY)).isEqualTo(new RequestFacts("ada", "c", "What is this?"));
        assertThat(scan(BODY)).isEqualTo(new RequestFacts("ada", "c", ""));
    }

    @Test
    void promptsAndInputsAreTitlesToo() {
        assertThat(read("{\"prompt\": \"Once upon\"}").title()).isEqualTo("Once upon");
        assertThat(read("{\"input\": \"Once upon\"}").title()).isEqualTo("Once upon");
        assertThat(read("{\"input\": [{\"role\": \"user\", \"content\": \"Once\"}]}")
                        .title())
                .isEqualTo("Once");
    }

    @Test
    void aBodyThatEndsAnywhereTellsWhatItCan() {
        for (int end = 0; end < BODY.length(); end++) {
            String cut = BODY.substring(0, end);

            assertThat(read(cut).title()).isIn("", "What is this?");
            assertThat(scan(cut).user()).isIn("", "ada");
        }
    }

    @Test
    void whatIsBehindAMessageThatIsCutIsNotKnown() {
        String body =
                "{\"user\": \"a\\u0064a\", \"messages\": [{\"role\": \"user\", \"content\": \"Why?\", \"name\": \"x";

        assertThat(read(body)).isEqualTo(new RequestFacts("ada", "", "Why?"));
    }

    @Test
    void theFirstTextOfTheFirstUserIsTheTitleWhateverStandsBetween() {
        assertThat(read("""
                        {"messages": ["odd", {"role": "user"}, {"role": "user", "content": [1, {"text": 2}, {"text": "Why?"}, {"text": "no"}]},
                         {"role": "user", "content": "no"}], "prompt": "no", "user": "ada"}
                        """)).isEqualTo(new RequestFacts("ada", "", "Why?"));
    }

    @Test
    @Timeout(30)
    void whatRedactionHasLeftOfTheJsonIsReadToAnEnd() {
        Redaction redaction = new Redaction(List.of("api_key"));
        byte[] body = "{\"model\":\"m\",\"messages\":[{\"x api_key\":[\"a\",\"b\",5,\"h1}\u00e9\"}]}]}"
                .getBytes(StandardCharsets.UTF_8);

        assertThat(RequestFacts.read(redaction.redact(body, false))).isEqualTo(RequestFacts.NONE);
    }

    @Test
    @Timeout(60)
    void anyTextIsReadToAnEnd() {
        List<String> pieces = List.of(
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "\"",
                "\\",
                " ",
                "\u00e9",
                "\u0001",
                "5",
                "x",
                "\"messages\":",
                "\"user\":",
                "\"role\":\"user\"",
                "\"content\":",
                "\"text\":",
                "\"metadata\":{",
                "\"conversation_id\":",
                "\"api_key\":",
                "\"a\"");
        Random random = new Random(5);
        for (int i = 0; i < 200_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "{\"messages\":[{" : "{");
            for (int left = random.nextInt(16); left > 0; left--) {
                text.append(pieces.get(random.nextInt(pieces.size())));
            }

            assertThat(read(text.toString()).user()).isNotNull();
        }
    }

    @Test
    void valuesOfOtherKindsAreNothing() {
        String odd = "{\"user\": {\"id\": 1}, \"metadata\": \"x\", \"messages\": {\"role\": \"user\"}}";

        assertThat(read(odd)).isEqualTo(RequestFacts.NONE);
        assertThat(scan(odd)).isEqualTo(RequestFacts.NONE);
    }

    @Test
    void aLongQuestionMakesAShortTitle() {
        assertThat(Texts.title("word ".repeat(100))).hasSize(80).endsWith("word…");
        assertThat(Texts.title("x".repeat(100))).isEqualTo("x".repeat(80) + "…");
    }
}
