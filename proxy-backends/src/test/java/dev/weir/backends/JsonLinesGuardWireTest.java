package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client of Ollama's own API is told when a stream of lines ends badly. */
class JsonLinesGuardWireTest {
    private static final String LINE = "{\"message\":{\"content\":\"one \\\"done\\\":true\"},\"done\":false}\n";
    private static final String LAST = "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n";

    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture().heartbeatMillis(20);

    private final ScriptedBackend backend = gateway.backend("a");

    private RawResponse linesOf(boolean ends, String... pieces) {
        backend.enqueue((request, peer) -> {
            peer.sendHeadChunked(200, "content-type: application/x-ndjson");
            for (String piece : pieces) {
                peer.chunk(piece);
            }
            if (ends) {
                peer.endChunks();
            } else {
                peer.close();
            }
        });
        gateway.start();
        return RawClient.post(gateway.port(), "/api/chat", "{\"model\": \"m\"}");
    }

    @Test
    void aCompleteStreamPassesByteForByte() {
        RawResponse response = linesOf(true, LINE, LINE, LAST);

        assertThat(response.text()).isEqualTo(LINE + LINE + LAST);
        assertThat(response.complete()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"done\":true}", "{\"done\": true}\n", "{\"a\":1,\"done\":true,\"x\":2}\n"})
    void aLastLineIsKnownByItsDone(String last) {
        assertThat(linesOf(true, LINE, last).text()).isEqualTo(LINE + last);
    }

    @Test
    void anEndWithoutDoneIsALineWithAnError() {
        RawResponse response = linesOf(true, LINE, LINE);

        assertThat(response.text())
                .isEqualTo(LINE + LINE + "{\"error\":\"the backend ended its answer before it was complete\"}\n");
        assertThat(response.complete()).isFalse();
    }

    @Test
    void aBreakBetweenLinesIsALineWithAnError() {
        assertThat(linesOf(false, LINE).text()).startsWith(LINE + "{\"error\":\"backend a ended its answer");
    }

    @Test
    void aBreakInALineIsOnlyCut() {
        assertThat(linesOf(false, LINE, "{\"message\":{\"content\":\"half of a line")
                        .text())
                .isEqualTo(LINE + "{\"message\":{\"content\":\"half of a line");
    }

    @Test
    void anErrorOfTheBackendComesOnce() {
        RawResponse response = linesOf(true, LINE, "{\"error\":\"out ", "of memory\"}\n", LAST);

        assertThat(response.text()).isEqualTo(LINE + "{\"error\":\"out of memory\"}\n");
    }

    @Test
    void thereAreNoCommentsBetweenLines() {
        backend.enqueue((request, peer) -> {
            assertThat(new CountDownLatch(1).await(100, TimeUnit.MILLISECONDS)).isFalse();
            Script.ok(LAST).run(request, peer);
        });
        gateway.start();

        assertThat(RawClient.post(gateway.port(), "/api/chat", "{\"model\": \"m\"}")
                        .text())
                .isEqualTo(LAST);
    }
}
