package dev.weir.pipeline.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.core.ResponseHead;
import dev.weir.pipeline.audit.AuditEntry.Body;
import dev.weir.pipeline.audit.AuditQueries.Page;
import dev.weir.pipeline.audit.ConversationQueries.Search;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What is written down of requests that came over a socket, on both databases. */
@ParameterizedClass
@EnumSource(Database.Kind.class)
final class AuditWireTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String QUESTION = """
            {"model": "phi3", "user": "ada", "api_key": "sk-secret", "metadata": {"conversation_id": "c-1"}, \
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why is the sky blue?"}]}""";
    private static final String ANSWER =
            "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"Rayleigh.\"}}],\"api_key\":\"sk-hidden\"}";

    private final TestDatabase test;
    private AuditInstance instance;

    AuditWireTest(Database.Kind kind) {
        test = TestDatabase.of(kind);
        instance =
                AuditInstance.of(test, new AuditSettingsBuilder().bodies(4096).build(), AuditWireTest::answer);
    }

    @AfterEach
    void stop() {
        instance.close();
        test.close();
    }

    private void restart(AuditSettingsBuilder settings) {
        instance.close();
        instance = AuditInstance.of(test, settings.build(), AuditWireTest::answer);
    }

    private static void answer(Exchange exchange, Downstream downstream) throws GatewayException {
        String path = exchange.request().path();
        if (path.equals("/stream") || exchange.request().headers().contains("x-stream")) {
            Headers fields = new Headers().add("Content-Type", "text/event-stream");
            downstream.writeHead(new ResponseHead(200, "OK", fields, ResponseHead.UNKNOWN));
            for (String word : List.of("Ray", "leigh", ".")) {
                downstream.writeBody(
                        bytes("data: {\"choices\":[{\"delta\":{\"content\":\"" + word + "\"}}]}\n\n"), false);
            }
            downstream.writeBody(bytes("data: [DONE]\n\n"), true);
            downstream.flush();
        } else if (path.equals("/never")) {
            return;
        } else if (path.equals("/cut")) {
            downstream.writeHead(new ResponseHead(200, "OK", new Headers(), ResponseHead.UNKNOWN));
            downstream.fail(new GatewayException(GatewayError.BACKEND_FAILED, "the backend is gone"));
        } else {
            downstream.respond(LocalResponse.json(200, ANSWER).with("x-weir-cache", "miss"));
        }
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    private List<AuditEntry> list() throws Exception {
        return instance.queries().list(AuditSearch.ALL, 100, null).rows();
    }

    private AuditEntry find(String requestId) throws Exception {
        return instance.queries().find(requestId).orElseThrow();
    }

    @Test
    void aChatIsWrittenDown() throws Exception {
        instance.send("POST", CHAT + "?key=sk-in-the-query", QUESTION, "x-test-key", "k1", "x-request-id", "r1");

        assertThat(list()).singleElement().satisfies(entry -> {
            assertThat(entry.requestId()).isEqualTo("r1");
            assertThat(entry.timeMillis()).isCloseTo(System.currentTimeMillis(), offset(60_000L));
            assertThat(entry.sender()).isEqualTo(new AuditEntry.Sender("k1", "k1", "ada", "127.0.0.1"));
            assertThat(entry.call()).isEqualTo(new AuditEntry.Call("POST", "CLIENT", CHAT, "phi3", "c-1", false));
            assertThat(entry.service().cache()).isEqualTo("miss");
            assertThat(entry.result()).isEqualTo(new AuditEntry.Result(200, "answered", "", ""));
            assertThat(entry.timing().totalMicros()).isPositive();
            assertThat(entry.traffic().requestBytes()).isEqualTo(QUESTION.length());
            assertThat(entry.traffic().responseBytes()).isEqualTo(ANSWER.length());
            assertThat(entry.request()).isNull();
            assertThat(entry.response()).isNull();
        });
        assertThat(find("r1").request()).isEqualTo(new Body(QUESTION.replace("sk-secret", "[redacted]"), false));
        assertThat(find("r1").response()).isEqualTo(new Body(ANSWER.replace("sk-hidden", "[redacted]"), false));
    }

    @Test
    void whatIsRefusedIsWrittenDown() throws Exception {
        instance.send("POST", CHAT, QUESTION, "x-test-key", "bad", "x-request-id", "r1");

        assertThat(find("r1").result())
                .isEqualTo(new AuditEntry.Result(401, "answered", "invalid_api_key", "no such key"));
        assertThat(find("r1").sender().keyId()).isEmpty();
        assertThat(instance.conversations().list(Search.ALL, 10, null).rows()).isEmpty();
    }

    @Test
    void aStreamIsKeptUpToTheLimit() throws Exception {
        restart(new AuditSettingsBuilder().bodies(100));

        instance.send("GET", "/stream", "", "x-request-id", "r1");

        assertThat(find("r1").call().stream()).isTrue();
        assertThat(find("r1").response()).isNotNull().satisfies(body -> {
            assertThat(body.cut()).isTrue();
            assertThat(body.text()).startsWith("data: {\"choices\"").hasSize(100);
        });
    }

    @Test
    void aClientThatLeavesAndAnAnswerThatIsCutAreToldApart() throws Exception {
        try (RawClient client = RawClient.connect(instance.port())) {
            client.send("GET /never HTTP/1.1\r\nHost: h\r\nx-request-id: left\r\n\r\n");
            client.shutdownOutput();
            client.closedOrReset();
        }
        RawClient.get(instance.port(), "/cut", "x-request-id: cut");

        Await.until("both are written", () -> AuditInstance.written(test.open()).size() == 2);
        assertThat(find("left").result()).isEqualTo(new AuditEntry.Result(0, "client_left", "", ""));
        assertThat(find("cut").result().outcome()).isEqualTo("cut");
        assertThat(find("cut").result().error()).isEqualTo("backend_failed");
    }

    @Test
    void withoutBodiesNothingOfWhatWasSaidIsKept() throws Exception {
        restart(new AuditSettingsBuilder());

        instance.send("POST", CHAT, QUESTION, "x-test-key", "k1", "x-request-id", "r1");

        assertThat(find("r1").request()).isNull();
        assertThat(find("r1").response()).isNull();
        assertThat(find("r1").sender().user()).isEqualTo("ada");
        assertThat(find("r1").call().conversation()).isEqualTo("c-1");
        assertThat(instance.conversations().list(Search.ALL, 10, null).rows())
                .singleElement()
                .satisfies(one -> assertThat(one.title()).isEmpty());
    }

    @Test
    void bodiesOfManagementAreNeverKeptAndOpenRoutesOnlyWhenTheyRefuse() throws Exception {
        instance.send("POST", "/management/keys", QUESTION, "x-request-id", "managed");
        instance.send("GET", "/open", "", "x-request-id", "open");

        assertThat(list())
                .singleElement()
                .satisfies(entry -> assertThat(entry.requestId()).isEqualTo("managed"));
        assertThat(find("managed").request()).isNull();
        assertThat(find("managed").response()).isNull();
    }

    @Test
    void listsGoOnWhereTheyStoppedWhileRecordsArrive() throws Exception {
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            instance.send("GET", "/x", "", "x-request-id", "r" + i);
            sent.add(0, "r" + i);
        }
        List<String> listed = new ArrayList<>();
        String cursor = null;
        do {
            Page<AuditEntry> page = instance.queries().list(AuditSearch.ALL, 10, cursor);
            page.rows().forEach(entry -> listed.add(entry.requestId()));
            cursor = page.nextCursor();
            instance.send("GET", "/x", "", "x-request-id", "later");
            instance.writer().flush(5_000);
        } while (cursor != null);

        assertThat(listed).hasSize(25).containsExactlyInAnyOrderElementsOf(sent);
        assertThatThrownBy(() -> instance.queries().list(AuditSearch.ALL, 10, "nonsense"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("cursor: ");
    }

    @Test
    void recordsAreFoundByWhatIsKnownOfThem() throws Exception {
        instance.send("POST", CHAT, QUESTION, "x-test-key", "k1", "x-request-id", "r1");
        instance.send("POST", CHAT, QUESTION.replace("phi3", "llama3"), "x-test-key", "k2", "x-request-id", "r2");
        instance.send("GET", "/100%25_sure", "", "x-test-key", "bad", "x-request-id", "r3");
        instance.writer().flush(5_000);
        AuditSearch all = AuditSearch.ALL;
        long now = System.currentTimeMillis();

        assertThat(ids(new AuditSearch(List.of("k1"), "", 0, 999, Long.MIN_VALUE, Long.MAX_VALUE, "")))
                .containsExactly("r1");
        assertThat(ids(new AuditSearch(List.of(), "", 0, 999, Long.MIN_VALUE, Long.MAX_VALUE, "")))
                .isEmpty();
        assertThat(ids(new AuditSearch(null, "llama3", 0, 999, Long.MIN_VALUE, Long.MAX_VALUE, "")))
                .containsExactly("r2");
        assertThat(ids(new AuditSearch(null, "", 400, 499, Long.MIN_VALUE, Long.MAX_VALUE, "")))
                .containsExactly("r3");
        assertThat(ids(new AuditSearch(null, "", 0, 999, now + 60_000, Long.MAX_VALUE, "")))
                .isEmpty();
        assertThat(ids(new AuditSearch(null, "", 0, 999, Long.MIN_VALUE, now - 60_000, "")))
                .isEmpty();
        assertThat(ids(text("the SKY"))).containsExactlyInAnyOrder("r1", "r2");
        assertThat(ids(text("rayleigh"))).containsExactlyInAnyOrder("r1", "r2");
        assertThat(ids(text("no such key"))).containsExactly("r3");
        assertThat(ids(text("100%25_sure"))).containsExactly("r3");
        assertThat(ids(text("100_25"))).isEmpty();
        assertThat(ids(text("sk-secret"))).isEmpty();
        assertThat(ids(all)).hasSize(3);
    }

    private static AuditSearch text(String text) {
        return new AuditSearch(null, "", 0, Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, text);
    }

    private List<String> ids(AuditSearch search) throws Exception {
        return instance.queries().list(search, 10, null).rows().stream()
                .map(AuditEntry::requestId)
                .toList();
    }

    @Test
    void chatsAreGroupedByWhatTheirSendersCallThem() throws Exception {
        instance.send("POST", CHAT, QUESTION, "x-test-key", "k1", "x-request-id", "r1");
        instance.send(
                "POST", CHAT, QUESTION.replace("Why is", "And when is"), "x-test-key", "k1", "x-request-id", "r2");
        instance.send("POST", CHAT, QUESTION, "x-test-key", "k2", "x-request-id", "r3");
        instance.send(
                "POST", CHAT, QUESTION, "x-test-key", "k1", "x-request-id", "r4", "x-conversation-id", "by-header");
        instance.send("POST", CHAT, "{\"model\": \"m\"}", "x-test-key", "k1", "x-request-id", "alone");
        instance.send("POST", "/v1/embeddings", "{\"model\": \"m\"}", "x-test-key", "k1", "x-request-id", "r6");

        List<Conversation> all =
                instance.conversations().list(Search.ALL, 10, null).rows();
        assertThat(all)
                .extracting(one -> one.id().name() + "/" + one.id().keyId() + "/" + one.requests())
                .containsExactlyInAnyOrder("c-1/k1/2", "c-1/k2/1", "by-header/k1/1", "alone/k1/1");
        Conversation first = instance.conversations().find("c-1", List.of("k1")).orElseThrow();
        assertThat(first.title()).isEqualTo("Why is the sky blue?");
        assertThat(first.user()).isEqualTo("ada");
        assertThat(instance.conversations().entriesOf(first, 10, 1_000_000))
                .extracting(AuditEntry::requestId)
                .containsExactly("r1", "r2");
        assertThat(instance.conversations()
                        .list(new Search("", null, "", "", "SKY"), 10, null)
                        .rows())
                .hasSize(3);
        Page<Conversation> page = instance.conversations().list(Search.ALL, 3, null);
        assertThat(page.rows()).hasSize(3);
        assertThat(instance.conversations()
                        .list(Search.ALL, 3, page.nextCursor())
                        .rows())
                .hasSize(1)
                .doesNotContainAnyElementsOf(page.rows());
    }

    @Test
    void aChatWhoseSenderNamesNoConversationIsOneByItself() throws Exception {
        String alone = QUESTION.replace("\"metadata\": {\"conversation_id\": \"c-1\"}, ", "");
        assertThat(alone).isNotEqualTo(QUESTION);
        instance.send("POST", CHAT, QUESTION, "x-test-key", "k1", "x-request-id", "r1");
        instance.send("POST", CHAT, alone, "x-test-key", "k1", "x-request-id", "r2");
        instance.send("POST", CHAT, alone, "x-test-key", "k2", "x-request-id", "r2");

        Conversation one = instance.conversations().find("r2", List.of("k1")).orElseThrow();
        assertThat(one)
                .extracting(Conversation::title, Conversation::user, Conversation::requests)
                .containsExactly("Why is the sky blue?", "ada", 1L);
        assertThat(instance.conversations().entriesOf(one, 10, 1_000_000))
                .extracting(entry -> entry.requestId() + "/" + entry.sender().keyId() + "/"
                        + entry.call().conversation())
                .containsExactly("r2/k1/r2");
        assertThat(instance.conversations()
                        .list(new Search("", List.of("k2"), "ada", "phi3", "sky"), 10, null)
                        .rows())
                .extracting(found -> found.id().name())
                .containsExactly("r2");
    }

    @Test
    void textsOfStrangersAreTakenWhateverTheyHold() throws Exception {
        String odd = "a\\u0000b'; DROP TABLE audit; --\\t\\n\\\\ \\ud83d \ud83d\ude00";
        instance.send(
                "POST",
                CHAT,
                "{\"model\": \"" + "m".repeat(5_000) + "\", \"user\": \"" + odd + "\"}",
                "x-request-id",
                "r1");
        restart(new AuditSettingsBuilder().bodies(1 << 20));
        instance.send("POST", CHAT, "{\"model\": \"m\0\", \"user\": \"" + odd + "\"}", "x-request-id", "r2");

        assertThat(find("r1").call().model()).hasSize(256);
        assertThat(find("r2").sender().user()).startsWith("a\ufffdb'; DROP TABLE audit");
        assertThat(instance.writer().lost()).isZero();
    }
}
