package dev.weir.pipeline.usage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Identity;
import dev.weir.core.LocalResponse;
import dev.weir.core.Middleware;
import dev.weir.core.ModelRequest;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import dev.weir.core.TokenUsage;
import dev.weir.core.Verdict;
import dev.weir.pipeline.PipelineServer;
import dev.weir.pipeline.TestServices;
import dev.weir.pipeline.auth.KeyBudget;
import dev.weir.pipeline.store.Database;
import dev.weir.pipeline.store.TestDatabase;
import dev.weir.pipeline.usage.UsageQuery.Group;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import io.netty.buffer.Unpooled;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of an answer's tokens when the exchange is over, wherever in the chain somebody asks. */
final class TokenCounterWireTest {
    private static final String BODY = "{\"model\": \"m\", \"prompt\": \"" + "word ".repeat(20) + "\"}";
    private static final String PIECE = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
    private static final String ROLE =
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    private static final String USAGE =
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\n\n";

    private final TestDatabase test = TestDatabase.of(Database.Kind.SQLITE);
    private final Database database = test.open();
    private final TestServices services = new TestServices(database, test.directory());
    private final Map<String, Long> spent = new ConcurrentHashMap<>();
    private final UsageRecorder recorder = new UsageRecorder(services, database, spent::put);
    private final BlockingQueue<Seen> before = new LinkedBlockingQueue<>();
    private final BlockingQueue<Seen> behind = new LinkedBlockingQueue<>();

    /** What a filter sees when the exchange is over. */
    private record Seen(long prompt, long completion, boolean estimated) {}

    /** What the endpoint does with the way to the client. */
    @FunctionalInterface
    private interface Play {
        void answer(Downstream downstream);
    }

    @AfterEach
    void close() {
        recorder.close();
        services.close();
        test.close();
    }

    private PipelineServer server(Play play) {
        return new PipelineServer(
                new Endpoint() {
                    @Override
                    public boolean needsBody() {
                        return true;
                    }

                    @Override
                    public void serve(Exchange exchange, Downstream downstream) {
                        Dispatch dispatch = new Dispatch();
                        dispatch.attempt("b", "m");
                        dispatch.sent(1);
                        exchange.set(Dispatch.KEY, dispatch);
                        exchange.set(
                                ModelRequest.KEY,
                                new ModelRequest("m", new ModelRequest.Span(10, 3), true, true, null));
                        play.answer(downstream);
                    }
                },
                TokenCounterWireTest::identify,
                observer(before),
                new UsageMiddleware(new UsageSettings(true), recorder),
                observer(behind));
    }

    private static Verdict identify(Exchange exchange) {
        String key = exchange.request().headers().get("x-key");
        if (key != null) {
            exchange.set(Identity.KEY, new Identity(key, false, false));
        }
        if (exchange.request().headers().contains("x-budget")) {
            exchange.set(KeyBudget.KEY, new KeyBudget(1_000, 0));
        }
        return Verdict.PROCEED;
    }

    private static Middleware observer(BlockingQueue<Seen> seen) {
        return exchange -> {
            exchange.filterResponse(new ResponseFilter() {
                @Override
                public void onEnd(Outcome outcome) {
                    TokenUsage usage = exchange.get(TokenUsage.KEY);
                    seen.add(
                            usage == null
                                    ? new Seen(-1, -1, false)
                                    : new Seen(usage.promptTokens(), usage.completionTokens(), usage.isEstimated()));
                }
            });
            return Verdict.PROCEED;
        };
    }

    private static void stream(Downstream downstream, String... events) {
        head(downstream, "text/event-stream");
        for (String event : events) {
            write(downstream, event, false);
        }
        downstream.flush();
    }

    private static void head(Downstream downstream, String type) {
        downstream.writeHead(
                new ResponseHead(200, "OK", new Headers().add("Content-Type", type), ResponseHead.UNKNOWN));
    }

    private static void write(Downstream downstream, String text, boolean last) {
        downstream.writeBody(Unpooled.copiedBuffer(text, UTF_8), last);
    }

    private static void readEvents(RawClient client, int count) {
        client.readHead();
        for (int i = 0; i < count; i++) {
            assertThat(client.readSseEvent()).isNotNull();
        }
    }

    private void assertSeen(Seen expected) throws InterruptedException {
        assertThat(before.poll(10, TimeUnit.SECONDS)).as("before").isEqualTo(expected);
        assertThat(behind.poll(10, TimeUnit.SECONDS)).as("behind").isEqualTo(expected);
    }

    private UsageLine line() throws Exception {
        LocalDate today = LocalDate.now(ZoneOffset.UTC);
        List<UsageLine> lines = new UsageReports(database, recorder)
                .report(new UsageQuery(Set.of(Group.MODEL), today.minusDays(1), today));
        assertThat(lines).hasSize(1);
        return lines.get(0);
    }

    @Test
    void whatTheBackendSaysIsKnownToAll() throws Exception {
        try (PipelineServer server = server(downstream -> {
            stream(downstream, ROLE, PIECE, PIECE, USAGE, "data: [DONE]\n\n");
            write(downstream, "", true);
            downstream.flush();
        })) {
            RawClient.post(server.port(), "/v1/chat/completions", BODY);

            assertSeen(new Seen(9, 4, false));
        }
    }

    @Test
    void whoeverWasLetOnWithinABudgetPaysAndNobodyElse() throws Exception {
        try (PipelineServer server = server(downstream -> {
            stream(downstream, ROLE, PIECE, PIECE, USAGE, "data: [DONE]\n\n");
            write(downstream, "", true);
            downstream.flush();
        })) {
            RawClient.post(server.port(), "/v1/chat/completions", BODY, "x-key: without");
            RawClient.post(server.port(), "/v1/chat/completions", BODY, "x-key: within", "x-budget: yes");

            Await.until("both are over", () -> before.size() == 2);
            assertThat(spent).containsExactly(Map.entry("within", 13L));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void aStreamThatTheClientLeavesIsCountedByWhatPassed(int pieces) throws Exception {
        String text = ROLE + PIECE.repeat(pieces);
        try (PipelineServer server = server(downstream -> stream(downstream, text))) {
            try (RawClient client = RawClient.connect(server.port())) {
                client.sendRequest("POST /v1/chat/completions", BODY);
                readEvents(client, 1 + pieces);
            }

            assertSeen(new Seen(BODY.length() / 4, pieces, true));
            assertThat(line().aborted()).isOne();
            assertThat(line().estimated()).isOne();
            assertThat(line().errors()).isZero();
            assertThat(line().completionTokens()).isEqualTo(pieces);
        }
    }

    @Test
    void aStreamThatBreaksOffIsCountedByWhatPassed() throws Exception {
        try (PipelineServer server = server(downstream -> {
            stream(downstream, ROLE, PIECE, PIECE, PIECE + "data: {\"choices\":[{\"delta\":{\"cont");
            downstream.fail(new GatewayException(GatewayError.BACKEND_FAILED, "gone"));
        })) {
            try (RawClient client = RawClient.connect(server.port())) {
                client.sendRequest("POST /v1/chat/completions", BODY);
                readEvents(client, 4);
            }

            assertSeen(new Seen(BODY.length() / 4, 3, true));
            assertThat(line().errors()).isOne();
            assertThat(line().aborted()).isZero();
        }
    }

    @Test
    void usageThatWasToldBeforeTheClientLeftIsNoEstimate() throws Exception {
        try (PipelineServer server = server(downstream -> stream(downstream, ROLE, PIECE, PIECE, USAGE))) {
            try (RawClient client = RawClient.connect(server.port())) {
                client.sendRequest("POST /v1/chat/completions", BODY);
                readEvents(client, 4);
            }

            assertSeen(new Seen(9, 4, false));
        }
    }

    @Test
    void aStreamWithoutUsageIsEstimated() throws Exception {
        try (PipelineServer server = server(downstream -> {
            stream(downstream, ROLE, PIECE, PIECE, "data: [DONE]\n\n");
            write(downstream, "", true);
            downstream.flush();
        })) {
            RawClient.post(server.port(), "/v1/chat/completions", BODY);

            assertSeen(new Seen(BODY.length() / 4, 2, true));
        }
    }

    @Test
    void anAnswerIsCountedInAnyParts() throws Exception {
        String answer =
                "{\"choices\":[{\"message\":{\"content\":\"hi\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}";
        try (PipelineServer server = server(downstream -> {
            head(downstream, "application/json");
            for (int i = 0; i < answer.length(); i++) {
                write(downstream, answer.substring(i, i + 1), i + 1 == answer.length());
            }
            downstream.flush();
        })) {
            assertThat(RawClient.post(server.port(), "/v1/chat/completions", BODY)
                            .text())
                    .isEqualTo(answer);

            assertSeen(new Seen(3, 2, false));
        }
    }

    @Test
    void errorsCostNoTokens() throws Exception {
        try (PipelineServer server = server(downstream -> downstream.respond(
                LocalResponse.json(500, "{\"error\":{},\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}")))) {
            RawClient.post(server.port(), "/v1/chat/completions", BODY);

            assertSeen(new Seen(0, 0, false));
            assertThat(line().errors()).isOne();
        }
    }

    @Test
    void whoLeavesBeforeTheAnswerHasSpentThePrompt() throws Exception {
        CountDownLatch served = new CountDownLatch(1);
        try (PipelineServer server = server(downstream -> served.countDown())) {
            try (RawClient client = RawClient.connect(server.port())) {
                client.sendRequest("POST /v1/chat/completions", BODY);
                assertThat(served.await(10, TimeUnit.SECONDS)).isTrue();
            }

            assertSeen(new Seen(BODY.length() / 4, 0, true));
            assertThat(line().aborted()).isOne();
        }
    }
}
