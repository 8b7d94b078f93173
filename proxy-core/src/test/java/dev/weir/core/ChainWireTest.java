package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of the verdicts of middlewares. */
final class ChainWireTest {
    private static final String WHY = "the failure is logged";

    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final Endpoint endpoint = Endpoint.answering(exchange -> LocalResponse.text(200, "served"));
    private @Nullable TestGateway gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    private TestGateway start(Middleware... chain) {
        return start(EngineSettings.DEFAULT, endpoint, chain);
    }

    private TestGateway start(EngineSettings settings, Endpoint served, Middleware... chain) {
        TestGateway started = TestGateway.start(settings, TestGateway.client("/a", served, chain));
        gateway = started;
        return started;
    }

    private Middleware noting(String name, Verdict verdict) {
        return exchange -> {
            calls.add(name);
            return verdict;
        };
    }

    private Middleware reading(String name) {
        return new Middleware() {
            @Override
            public boolean needsBody() {
                return true;
            }

            @Override
            public Verdict onRequest(Exchange exchange) {
                calls.add(name + " " + exchange.body().toString(StandardCharsets.UTF_8));
                return Verdict.PROCEED;
            }
        };
    }

    private static ByteBuf pooled(String text) {
        return PooledByteBufAllocator.DEFAULT.buffer().writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    private static LocalResponse pooledAnswer(String text) {
        return LocalResponse.of(200, new Headers(), pooled(text));
    }

    @Test
    void middlewaresRunInTheOrderOfTheRoute() {
        TestGateway started = start(noting("first", Verdict.PROCEED), noting("second", Verdict.PROCEED));
        assertThat(RawClient.get(started.port(), "/a").text()).isEqualTo("served");
        assertThat(calls).containsExactly("first", "second");
        assertThat(started.awaitEnded().outcome()).isEqualTo(Outcome.ANSWERED);
    }

    @Test
    void answerOfAMiddlewareEndsTheChain() {
        TestGateway started =
                start(exchange -> Verdict.respond(pooledAnswer("from the cache")), noting("second", Verdict.PROCEED));
        assertThat(RawClient.get(started.port(), "/a").text()).isEqualTo("from the cache");
        assertThat(calls).isEmpty();
        assertThat(started.awaitEnded().outcome()).isEqualTo(Outcome.ANSWERED);
    }

    @Test
    void refusalIsRenderedInTheRoutesDialect() {
        GatewayException refusal = new GatewayException(GatewayError.RATE_LIMITED, "slow \"down\"")
                .param("model")
                .retryAfterMillis(1500);
        TestGateway started = start(exchange -> Verdict.reject(refusal));
        RawResponse answer = RawClient.get(started.port(), "/a");
        assertThat(answer.status()).isEqualTo(429);
        assertThat(answer.header("retry-after")).isEqualTo("2");
        assertThat(answer.header("retry-after-ms")).isEqualTo("1500");
        assertThat(answer.text())
                .isEqualTo("{\"error\":{\"message\":\"slow \\\"down\\\"\",\"type\":\"rate_limit_error\","
                        + "\"param\":\"model\",\"code\":\"rate_limit_exceeded\"}}");
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.RATE_LIMITED);
    }

    @Test
    void thrownGatewayExceptionIsARefusal() {
        TestGateway started = start(exchange -> {
            throw new GatewayException(GatewayError.INVALID_API_KEY, "no key");
        });
        RawResponse answer = RawClient.get(started.port(), "/a");
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.header("www-authenticate")).isEqualTo("Bearer");
    }

    @Test
    @AllowsErrors(WHY)
    void throwingMiddlewareBecomesA500ThatTellsNothing() {
        TestGateway started = start(exchange -> {
            throw new IllegalStateException("the secret");
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /a", "");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.text()).doesNotContain("secret").contains(answer.header("x-request-id"));
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.INTERNAL);
    }

    @Test
    @AllowsErrors(WHY)
    void errorOfAMiddlewareIsNotTheEndOfTheProcess() {
        TestGateway started = start(exchange -> {
            throw new NoClassDefFoundError("a plug-in's library");
        });
        assertThat(RawClient.get(started.port(), "/a").status()).isEqualTo(500);
        assertThat(RawClient.get(started.port(), "/health").status()).isEqualTo(200);
    }

    @Test
    @AllowsErrors(WHY)
    void exhaustedMemoryIsA503() {
        TestGateway started = start(exchange -> {
            throw new OutOfMemoryError("direct buffers");
        });
        RawResponse answer = RawClient.get(started.port(), "/a");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("retry-after")).isEqualTo("1");
    }

    @Test
    @AllowsErrors(WHY)
    void throwingUpstreamBecomesA500() {
        Upstream throwing = new Upstream() {
            @Override
            public void writeBody(ByteBuf part, boolean last) {
                part.release();
                throw new IllegalStateException("broken");
            }

            @Override
            public void cancel() {
                throw new IllegalStateException("broken too");
            }
        };
        TestGateway started = start(EngineSettings.DEFAULT, (exchange, downstream) -> downstream.attach(throwing));
        try (RawClient client = started.connect()) {
            client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
            Await.until("served", () -> started.engine().exchanges() == 1);
            client.send("abc");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.header("connection")).isEqualTo("close");
        }
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.INTERNAL);
    }

    @Test
    @AllowsErrors(WHY)
    @SuppressWarnings("NullAway") // What a stranger's plug-in may do.
    void missingVerdictIsAnErrorAndNeverLetsTheRequestPass() {
        TestGateway started = start(exchange -> null, noting("second", Verdict.PROCEED));
        assertThat(RawClient.get(started.port(), "/a").status()).isEqualTo(500);
        assertThat(calls).isEmpty();
    }

    @Test
    @AllowsErrors(WHY)
    void throwingEndpointBecomesA500() {
        TestGateway started = start(EngineSettings.DEFAULT, (exchange, downstream) -> {
            throw new IllegalStateException("broken");
        });
        assertThat(RawClient.get(started.port(), "/a").status()).isEqualTo(500);
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.INTERNAL);
    }

    @Test
    @AllowsErrors(WHY)
    void throwingRequestReaderBecomesA500() {
        Route route = new Route(
                "/read",
                Route.Access.CLIENT,
                Dialect.OLLAMA,
                List.of(reading("never")),
                endpoint,
                exchange -> {
                    throw new IllegalStateException("broken");
                },
                100);
        gateway = TestGateway.start(route);
        RawResponse answer = RawClient.post(gateway.port(), "/read", "{}");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.text()).startsWith("{\"error\":\"internal error");
        assertThat(calls).isEmpty();
    }

    @Test
    void bodyIsCollectedJustBeforeTheFirstThatReadsIt() {
        TestGateway started = start(noting("first", Verdict.PROCEED), reading("second"), reading("third"));
        try (RawClient client = started.connect()) {
            client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
            Await.until("the first has run", () -> calls.contains("first"));
            client.send("body");
            assertThat(client.readResponse().text()).isEqualTo("served");
        }
        assertThat(calls).containsExactly("first", "second body", "third body");
    }

    @Test
    void replacedBodyIsWhatTheOthersSee() {
        TestGateway started = start(
                reading("first"),
                exchange -> {
                    exchange.replaceBody(pooled("other"));
                    return Verdict.PROCEED;
                },
                reading("third"));
        RawClient.post(started.port(), "/a", "body");
        assertThat(calls).containsExactly("first body", "third other");
    }

    @Test
    @AllowsErrors(WHY)
    void bodyThatWasNotCollectedIsNotToBeHad() {
        TestGateway started = start(exchange -> {
            exchange.body();
            return Verdict.PROCEED;
        });
        assertThat(RawClient.get(started.port(), "/a").status()).isEqualTo(500);
    }

    @Test
    void valuesLeftByOneMiddlewareAreSeenByTheNext() {
        Key<String> key = Key.of("test");
        TestGateway started = start(
                exchange -> {
                    calls.add("before: " + exchange.get(key));
                    exchange.set(key, "left");
                    return Verdict.PROCEED;
                },
                exchange -> {
                    calls.add("after: " + exchange.get(key));
                    return Verdict.PROCEED;
                });
        RawClient.get(started.port(), "/a");
        assertThat(calls).containsExactly("before: null", "after: left");
    }
}
