package dev.weir.pipeline.agents;

import static dev.weir.pipeline.agents.ShapeTest.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When an agent's events go out, by a clock that the test moves. */
class AgentShaperTest {
    private static final String DONE = "data: [DONE]\n\n";

    private ShapedAnswer answer = new ShapedAnswer(new Agent("a", 2, 4, TimeUnit.MILLISECONDS.toNanos(50), 10_000));

    @AfterEach
    void nothingIsLeft() {
        answer.close();
    }

    private void agent(int chunkSize, int bufferSize, long delayMillis) {
        answer.close();
        answer = new ShapedAnswer(
                new Agent("a", chunkSize, bufferSize, TimeUnit.MILLISECONDS.toNanos(delayMillis), 10_000));
    }

    @Test
    void theFirstEventGoesAtOnceAndEachFurtherOneAfterTheDelay() {
        answer.stream()
                .part(token("a") + token("b") + token("c") + token("d") + DONE)
                .last();

        assertThat(answer.sent()).containsExactly(token("ab"));
        answer.advanceMillis(49);
        assertThat(answer.sent()).isEmpty();
        answer.advanceMillis(1);
        assertThat(answer.sent()).containsExactly(token("cd"));
        answer.advanceMillis(49);
        assertThat(answer.ended()).isFalse();
        answer.advanceMillis(1);
        assertThat(answer.sent()).containsExactly(DONE);
        assertThat(answer.ended()).isTrue();
    }

    @Test
    void anEventThatComesLaterThanTheDelayGoesAtOnce() {
        agent(1, 4, 50);
        answer.stream().part(token("a"));
        answer.advanceMillis(70);
        assertThat(answer.sent()).containsExactly(token("a"));

        answer.part(token("b"));

        assertThat(answer.sent()).containsExactly(token("b"));
    }

    @Test
    void withoutADelayEverythingGoesAtOnce() {
        agent(1, 1, 0);

        answer.stream().part(token("a") + token("b") + token("c") + DONE).last();

        assertThat(answer.sent()).containsExactly(token("a"), token("b"), token("c"), DONE);
        assertThat(answer.ended()).isTrue();
    }

    @Test
    void heldTokensGoAfterFiveDelaysOfSilence() {
        answer.stream().part(token("a"));
        answer.advanceMillis(249);
        assertThat(answer.sent()).isEmpty();

        answer.advanceMillis(1);

        assertThat(answer.sent()).containsExactly(token("a"));
    }

    @Test
    void silenceBeginsAnewWithEveryPart() {
        agent(3, 4, 50);
        answer.stream().part(token("a"));
        answer.advanceMillis(200);
        answer.part(token("b"));
        answer.advanceMillis(200);
        assertThat(answer.sent()).isEmpty();

        answer.advanceMillis(50);

        assertThat(answer.sent()).containsExactly(token("ab"));
    }

    @Test
    void theBackendIsNotReadWhileTheBufferIsFull() {
        answer.stream().part(token("a") + token("b"));
        assertThat(answer.sent()).hasSize(1);
        answer.part(token("c") + token("d") + token("e"));
        assertThat(answer.takesMore()).isTrue();
        answer.part(token("f") + token("g") + token("h"));

        assertThat(answer.takesMore()).isFalse();
        assertThat(answer.resumed()).isZero();
        answer.advanceMillis(50);
        assertThat(answer.sent()).containsExactly(token("cd"));
        answer.advanceMillis(50);
        assertThat(answer.resumed()).isPositive();
        assertThat(answer.takesMore()).isTrue();
    }

    @Test
    void moreThanTheBufferHoldsInOneReadIsAllSent() {
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < 21; i++) {
            part.append(token("x"));
        }
        answer.stream().part(part + DONE).last();

        for (int i = 0; i < 10; i++) {
            assertThat(answer.sent()).containsExactly(token("xx"));
            answer.advanceMillis(50);
        }
        assertThat(answer.sent()).containsExactly(token("x"));
        answer.advanceMillis(50);
        assertThat(answer.sent()).containsExactly(DONE);
        assertThat(answer.ended()).isTrue();
    }

    @Test
    void eventsInPiecesAreWhole() {
        String stream = token("a") + token("b") + DONE;
        answer.stream();
        for (int i = 0; i < stream.length(); i++) {
            answer.part(stream.substring(i, i + 1));
        }
        answer.last();

        assertThat(answer.sent()).containsExactly(token("ab"));
        answer.advanceMillis(50);
        assertThat(answer.sent()).containsExactly(DONE);
    }

    @Test
    void aFailureComesBehindWhatIsHeld() {
        answer.stream().part(token("a") + token("b") + token("c") + "data: {\"error\":{}}\n\n");
        answer.fails(new GatewayException(GatewayError.BACKEND_FAILED, "gone"));

        assertThat(answer.sent()).containsExactly(token("ab"));
        answer.advanceMillis(50);
        assertThat(answer.sent()).containsExactly(token("c"));
        assertThat(answer.failure()).isNull();
        answer.advanceMillis(50);
        assertThat(answer.sent()).containsExactly("data: {\"error\":{}}\n\n");
        assertThat(answer.failure()).isNotNull();
    }

    @Test
    void aHeartbeatPassesUnlessTokensAreHeld() {
        answer.stream().part(": weir\n\n");
        assertThat(answer.sent()).containsExactly(": weir\n\n");

        answer.part(token("a")).part(": weir\n\n");

        assertThat(answer.sent()).isEmpty();
    }

    @Test
    void anAnswerThatIsNoStreamPassesUntouched() {
        answer.json(400).part("{\"error\":").part("{}}").last();

        assertThat(answer.sent()).containsExactly("{\"error\":", "{}}");
        assertThat(answer.ended()).isTrue();
    }

    @Test
    void whenTheClientLeavesTheTimersStop() {
        answer.stream().part(token("a") + token("b") + token("c") + token("d"));

        answer.close();

        assertThat(answer.isWaiting()).isFalse();
    }
}
