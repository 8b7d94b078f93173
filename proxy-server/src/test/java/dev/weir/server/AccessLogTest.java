package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The access log's lines. */
class AccessLogTest {
    private static final List<String> ALWAYS = List.of(
            "time",
            "id",
            "client",
            "key",
            "method",
            "path",
            "route",
            "status",
            "end",
            "total_ms",
            "bytes_in",
            "bytes_out");

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }
    };
    private final Logger logger = (Logger) LoggerFactory.getLogger("weir.access");
    private final SimServer sim = TestGateway.sim(SimKind.OPENAI, "phi3");
    private TestGateway gateway;

    @BeforeEach
    void start() {
        appender.start();
        logger.setLevel(ch.qos.logback.classic.Level.INFO);
        logger.setAdditive(false);
        logger.addAppender(appender);
        gateway = TestGateway.start(ConfigurationFile.of("""
                backends: {a: {url: "%s", kind: openai, api_key: secret-key}}
                models: {chat: {targets: [{backend: a, model: phi3}]}}
                """.formatted(sim.url())), Map.of());
    }

    @AfterEach
    void stop() {
        gateway.close();
        sim.close();
        logger.detachAppender(appender);
    }

    private JsonNode line(int number) {
        Await.until("line " + number, () -> lines.size() >= number);
        JsonNode line = TestGateway.json(lines.get(number - 1));
        assertThat(fields(line)).containsAll(ALWAYS);
        return line;
    }

    private static List<String> fields(JsonNode line) {
        List<String> names = new ArrayList<>();
        line.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void theTraceThatARequestBelongsToIsNamed() {
        gateway.send("GET", "/healthz", "", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assertThat(line(1).path("trace_id").asText()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        gateway.send("GET", "/healthz", "", "traceparent", "00-nonsense");
        assertThat(line(2).has("trace_id")).isFalse();
    }

    @Test
    void anAnswerFromABackendIsTold() {
        String body = "{'model': 'chat', 'messages': [{'role': 'user', 'content': 'private words'}]}";
        gateway.send(
                "POST",
                "/v1/chat/completions?token=private-query",
                body,
                "authorization",
                "Bearer " + TestGateway.KEY,
                "x-request-id",
                "request-1");

        JsonNode line = line(1);
        assertThat(line.path("id").asText()).isEqualTo("request-1");
        assertThat(line.path("client").asText()).isEqualTo("127.0.0.1");
        assertThat(line.path("key").asText()).isEqualTo("master");
        assertThat(line.path("method").asText()).isEqualTo("POST");
        assertThat(line.path("path").asText()).isEqualTo("/v1/chat/completions");
        assertThat(line.path("status").asInt()).isEqualTo(200);
        assertThat(line.path("end").asText()).isEqualTo("answered");
        assertThat(line.path("model").asText()).isEqualTo("chat");
        assertThat(line.path("backend").asText()).isEqualTo("a");
        assertThat(line.path("attempts").asInt()).isEqualTo(1);
        assertThat(line.path("bytes_in").asInt())
                .isEqualTo(TestGateway.quoted(body).length());
        assertThat(line.path("bytes_out").asInt()).isPositive();
        assertThat(fields(line)).contains("queue_ms", "backend_ms", "first_byte_ms");
        assertThat(line.path("total_ms").asDouble())
                .isGreaterThanOrEqualTo(line.path("first_byte_ms").asDouble());
        assertThat(lines.get(0)).doesNotContain("private", "secret-key", TestGateway.KEY);
    }

    @Test
    void aRefusalIsToldWithItsReason() {
        gateway.send("GET", "/v1/models", "", "authorization", "Bearer sk-wrong");

        JsonNode line = line(1);
        assertThat(line.path("status").asInt()).isEqualTo(401);
        assertThat(line.path("error").asText()).isEqualTo("invalid_api_key");
        assertThat(line.path("key").asText()).isEmpty();
        assertThat(lines.get(0)).doesNotContain("sk-wrong");
    }

    @Test
    void aPathThatTriesToBreakTheLineDoesNot() {
        try (RawClient client = RawClient.connect(gateway.port())) {
            client.send("GET /a\"b\\c?d=\"e HTTP/1.1\r\nhost: x\r\n\r\n");
            int status = client.readResponse().status();

            if (status == 404) {
                assertThat(line(1).path("path").asText()).isEqualTo("/a\"b\\c");
            } else {
                assertThat(status).isEqualTo(400);
            }
        }
    }

    @Test
    void aClientThatLeavesIsToldAsSuch() {
        try (SimServer slow = TestGateway.sim(dev.weir.server.sim.SimOptions.builder()
                        .kind(SimKind.OPENAI)
                        .models("phi3")
                        .tokensPerSecond(1)
                        .build());
                TestGateway toSlow = TestGateway.start(ConfigurationFile.of("""
                        backends: {a: {url: "%s", kind: openai}}
                        models: {chat: {targets: [{backend: a, model: phi3}]}}
                        """.formatted(slow.url())), Map.of())) {
            try (RawClient client = RawClient.connect(toSlow.port())) {
                client.sendRequest(
                        "POST /v1/chat/completions",
                        TestGateway.quoted("{'model': 'chat', 'stream': true, 'messages': [{'role': 'user',"
                                + " 'content': 'x'}]}"),
                        "authorization: Bearer " + TestGateway.KEY);
                client.readHead();
                client.readSseEvent();
            }
            JsonNode line = line(1);
            assertThat(line.path("end").asText()).isEqualTo("client_left");
            assertThat(line.path("status").asInt()).isEqualTo(200);
        }
    }
}
