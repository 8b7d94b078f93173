package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.BackendPeer;
import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.ReceivedRequest;
import dev.weir.testing.Script;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code {"input"}} for servers that want {@code {"prompt"}}. */
class InputToPromptTest {
    /** An Ollama of before July 2024: embeddings one at a time, nothing of OpenAI's. The embedding tells the prompt. */
    private static final Script OLD_OLLAMA = InputToPromptTest::oldOllama;

    private final FakeBackend backend = FakeBackend.start().onRequest(OLD_OLLAMA);
    private @Nullable TestGateway started;

    private void start(String backendSettings, String rest) {
        started = TestGateway.start("""
                backends: {a: {url: "%s", %s}}
                models: {emb: {targets: [{backend: a, model: "all-minilm"}]}}
                discover_models: false
                %s
                """.formatted(backend.url(), backendSettings, rest));
    }

    private void start() {
        start("kind: ollama", "");
    }

    private TestGateway gateway() {
        return Objects.requireNonNull(started);
    }

    @AfterEach
    void stop() {
        gateway().close();
        backend.close();
    }

    private static void oldOllama(ReceivedRequest request, BackendPeer peer) {
        if (!request.target().equals("/api/embeddings")) {
            peer.respond(404, "404 page not found", "content-type: text/plain");
        } else {
            embed(request, peer);
        }
    }

    private static void embed(ReceivedRequest request, BackendPeer peer) {
        String prompt = json(request.text()).path("prompt").asText();
        peer.json("{\"embedding\": [" + prompt.replaceAll("\\D", "") + ", 0.25, -1e-3]}");
    }

    private List<ReceivedRequest> posts() {
        return backend.requests().stream()
                .filter(request -> request.method().equals("POST"))
                .toList();
    }

    private static String numbered(int count) {
        return IntStream.range(0, count).mapToObj(i -> "'text " + i + "'").collect(Collectors.joining(",", "[", "]"));
    }

    @Test
    void onOllamasOwnPathOneNameChangesAndNothingElse() {
        start();

        HttpResponse<String> answer = gateway()
                .post("/api/embeddings", "{ 'model' : 'emb',\t'input' : 'text 7' , 'options': {'num_ctx': 8}}");

        assertThat(json(answer).toString()).isEqualTo("{\"embedding\":[7,0.25,-0.001]}");
        assertThat(posts())
                .singleElement()
                .satisfies(request -> assertThat(request.text())
                        .isEqualTo(TestGateway.quoted(
                                "{ 'model' : 'all-minilm',\t'prompt' : 'text 7' , 'options': {'num_ctx': 8}}")));
    }

    @Test
    void whoSendsAPromptIsLeftAlone() {
        start();
        String body = "{'model':'all-minilm','prompt':'text 7','input':'text 8'}";

        gateway().post("/api/embeddings", body.replace("all-minilm", "emb"));

        assertThat(posts())
                .singleElement()
                .satisfies(request -> assertThat(request.text()).isEqualTo(TestGateway.quoted(body)));
    }

    @Test
    void anOllamaWithoutOpenAisEndpointIsAskedAtItsOwn() {
        start();

        JsonNode first = json(gateway().post("/v1/embeddings", "{'model':'emb','input':'text 7','user':'u'}"));
        JsonNode second = json(gateway().post("/embeddings", "{'input':['text 8'],'model':'emb'}"));

        assertThat(first.toString())
                .isEqualTo("{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
                        + "\"embedding\":[7,0.25,-0.001]}],\"model\":\"emb\","
                        + "\"usage\":{\"prompt_tokens\":2,\"total_tokens\":2}}");
        assertThat(second.at("/data/0/embedding/0").asInt()).isEqualTo(8);
        assertThat(posts())
                .extracting(ReceivedRequest::target)
                .containsExactly("/v1/embeddings", "/api/embeddings", "/api/embeddings");
        assertThat(posts().get(1).text()).isEqualTo("{\"model\":\"all-minilm\",\"prompt\":\"text 7\",\"user\":\"u\"}");
    }

    @Test
    void manyTextsAreAskedForOneByOneAndComeBackInOrder() {
        start("kind: ollama, embeddings: prompt", "");
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch lastOfTheFirst = new CountDownLatch(8);
        backend.onRequest((request, peer) -> {
            if (request.method().equals("POST")) {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                // The first come last: they wait until as many run as may.
                lastOfTheFirst.countDown();
                lastOfTheFirst.await(10, TimeUnit.SECONDS);
                running.decrementAndGet();
            }
            oldOllama(request, peer);
        });

        HttpResponse<String> answer = gateway().post("/v1/embeddings", "{'model':'emb','input':" + numbered(50) + "}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("x-weir-backend")).contains("a");
        JsonNode data = json(answer).path("data");
        assertThat(data).hasSize(50);
        for (int i = 0; i < 50; i++) {
            assertThat(data.at("/" + i + "/index").asInt()).isEqualTo(i);
            assertThat(data.at("/" + i + "/embedding/0").asInt()).isEqualTo(i);
        }
        assertThat(json(answer).at("/usage/total_tokens").asInt()).isEqualTo(100);
        assertThat(most).hasValueBetween(8, 8);
    }

    @Test
    void base64IsLittleEndianSinglePrecision() {
        start();

        JsonNode answer =
                json(gateway().post("/v1/embeddings", "{'model':'emb','input':'text 7','encoding_format':'base64'}"));

        ByteBuffer octets = ByteBuffer.wrap(Base64.getDecoder()
                        .decode(answer.at("/data/0/embedding").asText()))
                .order(ByteOrder.LITTLE_ENDIAN);
        assertThat(octets.remaining()).isEqualTo(12);
        assertThat(octets.getFloat()).isEqualTo(7f);
        assertThat(octets.getFloat()).isEqualTo(0.25f);
        assertThat(octets.getFloat()).isEqualTo(-1e-3f);
    }

    @Test
    void anotherKindOfServerThatTakesPromptIsToldSo() {
        backend.onRequest((request, peer) -> peer.json(
                "{\"object\":\"list\",\"data\":[{\"index\":0,\"embedding\":[1,2]}],\"usage\":{\"prompt_tokens\":5}}"));
        start("kind: openai, embeddings: prompt", "");

        JsonNode answer = json(gateway().post("/v1/embeddings", "{'model':'emb','input':['a','b']}"));

        assertThat(answer.path("data")).hasSize(2);
        assertThat(answer.at("/usage/prompt_tokens").asInt()).isEqualTo(10);
        assertThat(posts()).extracting(ReceivedRequest::target).containsOnly("/v1/embeddings");
        assertThat(posts())
                .extracting(ReceivedRequest::text)
                .containsExactlyInAnyOrder(
                        "{\"model\":\"all-minilm\",\"prompt\":\"a\"}", "{\"model\":\"all-minilm\",\"prompt\":\"b\"}");
    }

    @Test
    void theErrorOfOnePartIsTheAnswerToTheWhole() {
        start("kind: ollama, embeddings: prompt", "");
        CountDownLatch gone = new CountDownLatch(2);
        backend.onRequest((request, peer) -> {
            if (request.text().contains("text 1")) {
                peer.respond(400, "{\"error\":\"the input is too long\"}", "content-type: application/json");
            } else if (request.method().equals("POST")) {
                peer.awaitClientGone(Duration.ofSeconds(20));
                gone.countDown();
            } else {
                peer.json("{}");
            }
        });

        HttpResponse<String> answer = gateway().post("/v1/embeddings", "{'model':'emb','input':" + numbered(3) + "}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(json(answer).toString())
                .isEqualTo("{\"error\":{\"message\":\"the input is too long\",\"type\":\"invalid_request_error\","
                        + "\"param\":null,\"code\":null}}");
        Await.until("the other parts are stopped", () -> gone.getCount() == 0);
        Await.until("their slots are free", () -> inFlight() == 0);
    }

    private int inFlight() {
        return Objects.requireNonNull(
                        gateway().gateway().fleet().current().backends().get("a"))
                .inFlight();
    }

    @Test
    void aModelThatIsMissingStaysMissing() {
        backend.onRequest((request, peer) -> peer.respond(
                404,
                "{\"error\":{\"message\":\"model not found\",\"type\":\"api_error\"}}",
                "content-type: application/json; charset=utf-8"));
        start();

        HttpResponse<String> answer = gateway().post("/v1/embeddings", "{'model':'emb','input':'x'}");

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("model not found");
        assertThat(posts()).hasSize(1);
    }

    @Test
    void aClientThatLeavesStopsEveryPart() {
        start("kind: ollama, embeddings: prompt", "");
        CountDownLatch begun = new CountDownLatch(8);
        CountDownLatch gone = new CountDownLatch(8);
        backend.onRequest((request, peer) -> {
            if (request.method().equals("POST")) {
                begun.countDown();
                peer.awaitClientGone(Duration.ofSeconds(20));
                gone.countDown();
            } else {
                peer.json("{}");
            }
        });
        try (RawClient client = RawClient.connect(gateway().port())) {
            client.sendRequest(
                    "POST /v1/embeddings",
                    TestGateway.quoted("{'model':'emb','input':" + numbered(20) + "}"),
                    "authorization: Bearer " + TestGateway.KEY);
            Await.until("as many parts run as may", () -> begun.getCount() == 0);
        }

        Await.until("every part is stopped", () -> gone.getCount() == 0);
        Await.until("every slot is free", () -> inFlight() == 0);
        assertThat(posts()).hasSize(8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'input':[1,2,3] | input | holds tokens",
                "'input':[[1,2]] | input | holds tokens",
                "'input':[] | input | empty",
                "'input':7 | input | neither a text nor a list",
                "'x':7 | input | missing",
                "'input':'a','dimensions':64 | dimensions | full length only",
                "'input':'a','encoding_format':'hex' | encoding_format | expected: float or base64",
            })
    void whatCannotBeCarriedIsRefusedAndSaysWhy(String members, String param, String why) {
        start("kind: ollama, embeddings: prompt", "");

        HttpResponse<String> answer = gateway().post("/v1/embeddings", "{'model':'emb'," + members + "}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(json(answer).at("/error/param").asText()).isEqualTo(param);
        assertThat(json(answer).at("/error/message").asText()).startsWith(param).contains(why);
        assertThat(posts()).isEmpty();
    }

    @Test
    void thereIsALimitOfTexts() {
        start("kind: ollama, embeddings: prompt", "");

        HttpResponse<String> answer =
                gateway().post("/v1/embeddings", "{'model':'emb','input':" + numbered(2049) + "}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("at most 2048");
        assertThat(posts()).isEmpty();
    }

    @Test
    void malformedJsonIsTheClientsOwnFault() {
        start();

        HttpResponse<String> answer = gateway().post("/v1/embeddings", "{'model':'emb','input':");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(json(answer).at("/error/type").asText()).isEqualTo("invalid_request_error");
    }

    @Test
    void whereItIsOffNothingChanges() {
        start("kind: ollama", "middleware: {transform: {input_to_prompt: false}}");
        String body = "{'model':'all-minilm','input':'text 7'}";

        gateway().post("/api/embeddings", body.replace("all-minilm", "emb"));
        HttpResponse<String> answer = gateway().post("/v1/embeddings", "{'model':'emb','input':'x'}");

        assertThat(posts().get(0).text()).isEqualTo(TestGateway.quoted(body));
        assertThat(answer.statusCode()).isEqualTo(404);
    }

    @Test
    void bothWaysGiveTheSameEmbedding() {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "all-minilm");
                TestGateway modern = TestGateway.start("backends: {a: {url: \"" + sim.url() + "\"}}");
                TestGateway old =
                        TestGateway.start("backends: {a: {url: \"" + sim.url() + "\", embeddings: prompt}}")) {
            start();
            String body = "{'model':'all-minilm','input':['one text','another'],'encoding_format':'base64'}";
            Await.until(
                    "the model is found",
                    () -> modern.post("/v1/embeddings", body).statusCode() == 200
                            && old.post("/v1/embeddings", body).statusCode() == 200);

            assertThat(json(old.post("/v1/embeddings", body)).path("data"))
                    .isEqualTo(json(modern.post("/v1/embeddings", body)).path("data"));
            assertThat(sim.stats()).isNotNull();
        }
    }
}
