package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Outcome;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client of an event stream is told when that breaks off. */
class EventStreamGuardWireTest {
    @RegisterExtension
    final GatewayFixture gateway = new GatewayFixture();

    private final ScriptedBackend backend = gateway.backend("a");

    /** A stream of those pieces, each written by itself, that then breaks off. */
    private String streamOf(String path, String... pieces) {
        backend.enqueue((request, peer) -> {
            peer.startSse();
            for (String piece : pieces) {
                peer.chunk(piece);
            }
            peer.close();
        });
        gateway.start();
        RawResponse response = RawClient.post(gateway.port(), path, GatewayFixture.body("m"));
        assertThat(response.complete()).isFalse();
        assertThat(response.status()).isEqualTo(200);
        return response.text();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"data: 1\n\n", "data: 1\r\n\r\n", "data: 1\n\r\n", ": comment\n\n", "event: x\ndata: 1\n\n"})
    void atTheEndOfAnEventAnErrorEventFollows(String event) {
        String text = streamOf(GatewayFixture.CHAT, event);

        assertThat(text).startsWith(event + "data: {\"error\":{\"message\":").endsWith("}}\n\n");
        assertThat(text).contains("\"code\":\"upstream_error\"").doesNotContain("[DONE]");
    }

    @Test
    void beforeTheFirstEventAnErrorEventFollowsToo() {
        assertThat(streamOf(GatewayFixture.CHAT)).startsWith("data: {\"error\"");
    }

    @Test
    void anEventThatEndsInPiecesIsSeenToEnd() {
        assertThat(streamOf(GatewayFixture.CHAT, "data: 1", "\n", "\n")).contains("data: 1\n\ndata: {\"error\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: half", "data: half\n", "data: 1\n\ndata: half", "data: {\"a\\n\\n"})
    void insideAnEventNothingIsAdded(String pieces) {
        assertThat(streamOf(GatewayFixture.CHAT, pieces)).isEqualTo(pieces);
    }

    @Test
    void anthropicsClientsGetAnthropicsEvent() {
        assertThat(streamOf("/v1/messages", "event: ping\ndata: {}\n\n"))
                .contains("\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"");
    }

    /** A stream of those pieces that ends in order. */
    private RawResponse endedStreamOf(String path, String... pieces) {
        backend.enqueue((request, peer) -> {
            peer.startSse();
            for (String piece : pieces) {
                peer.chunk(piece);
            }
            peer.endChunks();
        });
        gateway.start();
        return RawClient.post(gateway.port(), path, GatewayFixture.body("m"));
    }

    private static String event(String content) {
        return "data: " + Script.chatEvent(content) + "\n\n";
    }

    @Test
    void aStreamThatEndsWithoutAFinishEndsWithAnErrorEvent() {
        RawResponse response = endedStreamOf(GatewayFixture.CHAT, event("one"), event("two"));

        assertThat(response.text())
                .startsWith(event("one") + event("two") + "data: {\"error\":{\"message\":")
                .endsWith("}}\n\n")
                .doesNotContain("[DONE]");
        assertThat(gateway.outcomes().get(0).end()).isEqualTo(Outcome.End.CUT);
        assertThat(gateway.events().count("failed a unfinished")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n",
                "data: {\"choices\":[{\"finish_reason\": \"length\"}]}\n\n",
                "data: {}\n\ndata: [DONE]\n\n",
                "data: {}\n\ndata:[DONE]\n\n",
                "data: {}\n\ndata: [DONE]",
                "data: 1\n\n",
                ": nothing\n\n",
                "data: text without any form whatever, longer than what tells\n\n"
            })
    void aStreamThatIsCompleteOrOfAnotherFormPassesUntouched(String stream) {
        RawResponse response = endedStreamOf(GatewayFixture.CHAT, stream);

        assertThat(response.text()).isEqualTo(stream);
        assertThat(response.complete()).isTrue();
    }

    @Test
    void aFinishInPiecesIsSeen() {
        String stream = event("one") + "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";
        String[] pieces = stream.split("(?<=\\G.{7})", -1);

        assertThat(endedStreamOf(GatewayFixture.CHAT, pieces).text()).isEqualTo(stream);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data: {\"error\":{\"message\":\"out of memory\"}}\n\n",
                "data:{\"error\": \"out of memory\"}\n\n"
            })
    void anErrorInTheMiddleBecomesOneEventAndNoDone(String error) {
        RawResponse response = endedStreamOf(GatewayFixture.CHAT, event("one"), error, "data: [DONE]\n\n");

        assertThat(response.text())
                .isEqualTo(event("one")
                        + "data: {\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\",\"param\":null,"
                        + "\"code\":\"upstream_error\"}}\n\n");
        assertThat(gateway.events().count("failed a stream_error")).isEqualTo(1);
    }

    @Test
    void anErrorInPiecesBecomesOneEventToo() {
        String error = "data: {\"error\":{\"message\":\"out of memory\"}}\n\n";
        RawResponse response = endedStreamOf(
                GatewayFixture.CHAT, event("one") + error.substring(0, 9), error.substring(9, 25), error.substring(25));

        assertThat(response.text())
                .startsWith(event("one") + "data: {\"error\":{\"message\":\"out of memory\",\"type\"");
    }

    @Test
    void anErrorThatIsNullIsNone() {
        String stream = "data: {\"error\":null,\"choices\":[]}\n\ndata: [DONE]\n\n";

        assertThat(endedStreamOf(GatewayFixture.CHAT, stream).text()).isEqualTo(stream);
    }

    @Test
    void aMessageThatStopsIsComplete() {
        String stream = "event: message_delta\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";

        assertThat(endedStreamOf("/v1/messages", stream).text()).isEqualTo(stream);
    }

    @Test
    void aMessageThatDoesNotStopEndsWithAnthropicsError() {
        assertThat(endedStreamOf("/v1/messages", "event: message_start\ndata: {\"stop_reason\":null}\n\n")
                        .text())
                .contains("\n\nevent: error\ndata: {\"type\":\"error\"");
    }

    @Test
    void aResponseThatIsCompletedPassesUntouched() {
        String stream = """
                event: response.created
                data: {"type":"response.created"}

                event: response.completed
                data: {"type":"response.completed"}

                """;

        assertThat(endedStreamOf("/v1/responses", stream).text()).isEqualTo(stream);
    }

    @Test
    void aStreamOfAnnouncedLengthIsOnlyCut() {
        backend.enqueue((request, peer) -> {
            peer.sendRaw("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 20\r\n\r\ndata: 1\n\n");
            peer.close();
        });
        gateway.start();

        RawResponse response = gateway.post();

        assertThat(response.text()).isEqualTo("data: 1\n\n");
        assertThat(response.complete()).isFalse();
    }

    @Test
    void aCompressedStreamIsOnlyCut() {
        backend.enqueue((request, peer) -> {
            peer.sendHeadChunked(200, "content-type: text/event-stream", "content-encoding: gzip");
            peer.chunk("zipped\n\n");
            peer.close();
        });
        gateway.start();

        assertThat(gateway.post().text()).isEqualTo("zipped\n\n");
    }

    @Test
    void otherAnswersAreOnlyCut() {
        backend.enqueue((request, peer) -> {
            peer.sendHeadChunked(200, "content-type: application/x-ndjson");
            peer.chunk("{}\n\n");
            peer.close();
        });
        gateway.start();

        assertThat(gateway.post().text()).isEqualTo("{}\n\n");
    }

    @Test
    void aWholeStreamIsUntouched() {
        backend.enqueue(Script.sseChat(3));
        gateway.start();
        RawClient client = gateway.ask();

        RawResponse head = client.readHead();

        assertThat(head.header("x-accel-buffering")).isEqualTo("no");
        assertThat(head.header("cache-control")).isEqualTo("no-cache");
        for (int i = 0; i < 3; i++) {
            assertThat(client.readSseEvent()).contains("word" + i);
        }
        assertThat(client.readSseEvent()).isEqualTo("data: [DONE]");
        assertThat(client.readSseEvent()).isNull();
        assertThat(client.bodyComplete()).isTrue();
    }

    @Test
    void theHeadAndEachEventArriveBeforeTheNextIsSent() {
        CountDownLatch[] seen = {new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1)};
        backend.enqueue((request, peer) -> {
            peer.startSse();
            seen[0].await();
            peer.sse("one");
            seen[1].await();
            peer.sse("two");
            seen[2].await();
            peer.endSse();
        });
        gateway.start();
        RawClient client = gateway.ask();

        assertThat(client.readHead().status()).isEqualTo(200);
        seen[0].countDown();
        assertThat(client.readSseEvent()).isEqualTo("data: one");
        seen[1].countDown();
        assertThat(client.readSseEvent()).isEqualTo("data: two");
        seen[2].countDown();
        assertThat(client.readRest().complete()).isTrue();
    }
}
