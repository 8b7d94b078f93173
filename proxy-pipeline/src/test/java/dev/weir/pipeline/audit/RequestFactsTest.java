package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.audit.AuditEntry.Body;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

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
