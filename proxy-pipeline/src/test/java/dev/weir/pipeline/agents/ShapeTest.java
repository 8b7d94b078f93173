package dev.weir.pipeline.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the tokens of a stream are put into events. */
class ShapeTest {
    private static final String FINISH =
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    private static final String DONE = "data: [DONE]\n\n";

    static String token(String json) {
        return token(0, json);
    }

    static String token(int choice, String json) {
        return "data: {\"id\":\"c\",\"choices\":[{\"index\":" + choice
                + ",\"delta\":{\"role\":\"assistant\",\"content\":\"" + json
                + "\"},\"finish_reason\":null}],\"usage\":null}\n\n";
    }

    private static List<String> shaped(int chunkSize, String... events) {
        Shape shape = new Shape(chunkSize);
        List<String> out = new ArrayList<>();
        for (String event : events) {
            shape.add(event.getBytes(StandardCharsets.UTF_8));
            drain(shape, out);
        }
        shape.flush();
        drain(shape, out);
        assertThat(shape.tokens()).isZero();
        return out;
    }

    private static void drain(Shape shape, List<String> out) {
        for (byte[] event = shape.next(); event != null; event = shape.next()) {
            out.add(new String(event, StandardCharsets.UTF_8));
        }
    }

    @Test
    void everyEventHoldsAsManyTokensAsWantedAndTheLastTheRest() {
        assertThat(shaped(3, token("a"), token("b"), token("c"), token("d"), token("e"), FINISH, DONE))
                .containsExactly(token("abc"), token("de"), FINISH, DONE);
    }

    @Test
    void oneTokenAnEventLeavesEventsAsTheyCame() {
        assertThat(shaped(1, token("a"), token("b"), FINISH, DONE))
                .containsExactly(token("a"), token("b"), FINISH, DONE);
    }

    @Test
    void escapesStayAsTheyAre() {
        assertThat(shaped(4, token("\\\""), token("\\n\\u00e9"), token("é☃"), token("\\\\")))
                .containsExactly(token("\\\"\\n\\u00e9é☃\\\\"));
    }

    @Test
    void textOfAnOlderCompletionIsGroupedToo() {
        String first =
                "data: {\"choices\":[{\"text\":\"a\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}]}\n\n";
        String second =
                "data: {\"choices\":[{\"text\":\"b\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}]}\n\n";

        assertThat(shaped(2, first, second)).containsExactly(first.replace("\"a\"", "\"ab\""));
    }

    @Test
    void whatComesWithoutTextKeepsItsPlace() {
        String role = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
        String tool = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"x\"}]}}]}\n\n";
        String usage = "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n";

        assertThat(shaped(3, role, token("a"), token("b"), tool, token("c"), FINISH, usage, DONE))
                .containsExactly(role, token("ab"), tool, token("c"), FINISH, usage, DONE);
    }

    @Test
    void emptyToolCallsAreNone() {
        String token =
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\",\"tool_calls\":[],\"refusal\":null}}]}\n\n";

        assertThat(shaped(2, token, token)).containsExactly(token.replace("\"a\"", "\"aa\""));
    }

    @Test
    void aLastTokenThatBringsTheFinishIsTheEndOfItsGroup() {
        String end =
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"c\"},\"finish_reason\":\"length\"}]}\n\n";

        assertThat(shaped(5, token("a"), token("b"), end)).containsExactly(end.replace("\"c\"", "\"abc\""));
    }

    @Test
    void choicesAreGroupedEachForItself() {
        assertThat(shaped(2, token(0, "a"), token(1, "x"), token(0, "b"), token(1, "y"), token(1, "z"), FINISH, DONE))
                .containsExactly(token(0, "ab"), token(1, "xy"), FINISH, token(1, "z"), DONE);
    }

    @Test
    void choicesThatComeTogetherGoApart() {
        String both = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}},"
                + " {\"index\":1,\"delta\":{\"content\":\"x\"}}],\"usage\":null}\n\n";
        String one =
                "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"aa\"}}],\"usage\":null}\n\n";

        assertThat(shaped(2, both, both))
                .containsExactly(one, one.replace("\"index\":0", "\"index\":1").replace("aa", "xx"));
    }

    @Test
    void logProbabilitiesAreNotLost() {
        String token =
                "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":[{}]}}]}\n\n";

        assertThat(shaped(2, token, token)).containsExactly(token, token);
    }

    @Test
    void whatIsNoCompletionPasses() {
        assertThat(shaped(2, "event: x\ndata: {}\n\n", "data: {broken\n\n", "data: {\"error\":{}}\n\n"))
                .containsExactly("event: x\ndata: {}\n\n", "data: {broken\n\n", "data: {\"error\":{}}\n\n");
    }
}
