package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import dev.weir.testing.Await;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What response filters may do to an answer, and what becomes of those that fail. */
final class ResponseFilterWireTest {
    private static final String WHY = "the failure is logged";

    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final Served.ByTest manual = new Served.ByTest();
    private @Nullable TestGateway gateway;

    @AfterEach
    void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    /** Routes whose every exchange passes the filters; the last sees the answer first. */
    private TestGateway start(ResponseFilter... filters) {
        Middleware attaching = exchange -> {
            Arrays.stream(filters).forEach(exchange::filterResponse);
            return Verdict.PROCEED;
        };
        Middleware refusing = exchange -> Verdict.reject(GatewayError.RATE_LIMITED, "no");
        Middleware answering = exchange -> Verdict.respond(LocalResponse.text(200, "cached"));
        TestGateway started = TestGateway.start(
                TestGateway.client("/manual", manual, attaching),
                TestGateway.client("/refuses", manual, attaching, refusing),
                TestGateway.client("/cached", manual, attaching, answering));
        gateway = started;
        return started;
    }

    /** Notes what passes, and appends its name to a header. */
    private final class Noting implements ResponseFilter {
        private final String name;

        Noting(String name) {
            this.name = name;
        }

        @Override
        public void onHead(ResponseHead head, Downstream next) {
            calls.add(name + " head " + head.status());
            String before = head.headers().get("x-seen");
            head.headers().set("x-seen", before == null ? name : before + " " + name);
            next.writeHead(head);
        }

        @Override
        public void onBody(ByteBuf part, boolean last, Downstream next) {
            calls.add(name + " body " + part.toString(StandardCharsets.UTF_8) + (last ? "." : ""));
            next.writeBody(part, last);
        }

        @Override
        public void onFailure(GatewayException failure, Downstream next) {
            calls.add(name + " failure " + failure.error());
            next.writeBody(Unpooled.copiedBuffer("[" + name + "]", StandardCharsets.UTF_8), false);
            next.fail(failure);
        }

        @Override
        public void onEnd(Outcome outcome) {
            calls.add(name + " end " + outcome.end());
        }
    }

    private static ByteBuf pooled(int bytes) {
        return PooledByteBufAllocator.DEFAULT.buffer(bytes).writeZero(bytes);
    }

    @Test
    void filterAttachedLastSeesTheAnswerFirst() {
        TestGateway started = start(new Noting("outer"), new Noting("inner"));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.writeLast("x");
            assertThat(client.readResponse().header("x-seen")).isEqualTo("inner outer");
        }
        assertThat(calls)
                .containsExactly(
                        "inner head 200",
                        "outer head 200",
                        "inner body x.",
                        "outer body x.",
                        "inner end ANSWERED",
                        "outer end ANSWERED");
    }

    @Test
    void refusalsAndAnswersOfMiddlewaresPassTheFilters() {
        TestGateway started = start(new Noting("filter"));
        assertThat(RawClient.get(started.port(), "/refuses").header("x-seen")).isEqualTo("filter");
        assertThat(RawClient.get(started.port(), "/cached").header("x-seen")).isEqualTo("filter");
        assertThat(calls)
                .contains("filter head 429", "filter end ANSWERED", "filter head 200", "filter body cached.")
                .hasSize(6);
    }

    @Test
    void failureBeforeTheHeadPassesTheFiltersAsAnAnswer() {
        TestGateway started = start(new Noting("outer"), new Noting("inner"));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            manual.await().fail(GatewayError.BACKEND_FAILED);
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.header("x-seen")).isEqualTo("inner outer");
            client.sendRequest("GET /health", "");
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.BACKEND_FAILED);
    }

    @Test
    void failureAfterTheHeadIsAnnouncedByTheFiltersAndThenCut() {
        TestGateway started = start(new Noting("outer"), new Noting("inner"));
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("part ");
            served.fail(GatewayError.BACKEND_FAILED);
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("part [inner][outer]");
            assertThat(answer.complete()).isFalse();
        }
        TestGateway.Ended ended = started.awaitEnded();
        assertThat(ended.end()).isEqualTo(Outcome.End.CUT);
        assertThat(ended.error()).isEqualTo(GatewayError.BACKEND_FAILED);
        assertThat(calls).endsWith("inner end CUT", "outer end CUT");
    }

    @Test
    void failureOfAnAnswerThatAFilterHasBegunComesToThatFilter() {
        TestGateway started = start(new ResponseFilter() {
            @Override
            public boolean hasBegun() {
                return true;
            }

            @Override
            public void onFailure(GatewayException failure, Downstream next) {
                next.writeHead(new ResponseHead(200, "OK", new Headers(), ResponseHead.UNKNOWN));
                next.writeBody(Served.buffer("told"), false);
                next.fail(failure);
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            manual.await().fail(GatewayError.BACKEND_FAILED);
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("told");
            assertThat(answer.complete()).isFalse();
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CUT);
    }

    @Test
    void filterThatHoldsEnoughStopsTheBackendUntilItTakesMore() {
        boolean[] full = {true};
        TestGateway started = start(new ResponseFilter() {
            @Override
            public boolean isWritable(Downstream next) {
                return !full[0] && next.isWritable();
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            assertThat(served.clientTakesMore()).isFalse();
            served.run(to -> served.exchange().resumeResponse());
            assertThat(served.resumes()).isZero();

            served.run(to -> {
                full[0] = false;
                served.exchange().resumeResponse();
            });

            assertThat(served.resumes()).isEqualTo(1);
            assertThat(served.clientTakesMore()).isTrue();
            served.writeLast("x");
            assertThat(client.readResponse().text()).isEqualTo("x");
        }
    }

    @Test
    void failureIsToldToTheFiltersOnce() {
        TestGateway started = start(new ResponseFilter() {
            @Override
            public void onFailure(GatewayException failure, Downstream next) {
                calls.add("failure");
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.fail(GatewayError.BACKEND_FAILED);
            served.fail(GatewayError.BACKEND_TIMEOUT);
            served.write("nothing more passes");
            assertThat(client.readHead().status()).isEqualTo(200);
        }
        started.awaitEnded();
        assertThat(calls).containsExactly("failure");
    }

    @Test
    void partsMayBeSplitMergedAndHeld() {
        TestGateway started = start(new ResponseFilter() {
            private final ByteBuf held = PooledByteBufAllocator.DEFAULT.buffer();

            @Override
            public void onBody(ByteBuf part, boolean last, Downstream next) {
                held.writeBytes(part);
                part.release();
                while (held.readableBytes() >= 4) {
                    next.writeBody(held.readRetainedSlice(4), false);
                }
                if (last) {
                    next.writeBody(held.readRetainedSlice(held.readableBytes()), true);
                }
            }

            @Override
            public void onEnd(Outcome outcome) {
                held.release();
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("abcdefg");
            served.write("h");
            served.writeLast("ij");
            RawResponse answer = client.readResponse();
            assertThat(answer.text()).isEqualTo("abcdefghij");
            assertThat(answer.chunkSizes()).containsExactly(4, 4, 2);
        }
    }

    @Test
    void whatAFilterHoldsIsItsToReleaseWhenTheClientLeaves() {
        List<ByteBuf> held = Collections.synchronizedList(new ArrayList<>());
        TestGateway started = start(new ResponseFilter() {
            @Override
            public void onBody(ByteBuf part, boolean last, Downstream next) {
                held.add(part);
            }

            @Override
            public void onEnd(Outcome outcome) {
                held.forEach(ByteBuf::release);
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.run(to -> to.writeBody(pooled(10), false));
            served.run(to -> to.writeBody(pooled(10), false));
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CLIENT_LEFT);
        assertThat(held).hasSize(2).allMatch(part -> part.refCnt() == 0);
    }

    @Test
    void partsMayComeLaterThanTheyWereGiven() {
        TestGateway started = start(new ResponseFilter() {
            @Override
            public void onBody(ByteBuf part, boolean last, Downstream next) {
                manual.loop().execute(() -> {
                    next.writeBody(part, last);
                    next.flush();
                });
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("later ");
            served.writeLast("and later");
            assertThat(client.readResponse().text()).isEqualTo("later and later");
        }
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.ANSWERED);
    }

    @Test
    @AllowsErrors(WHY)
    void filterThrowingAtTheHeadMakesAnErrorAnswerThatPassesTheOthers() {
        TestGateway started = start(new Noting("outer"), new ResponseFilter() {
            @Override
            public void onHead(ResponseHead head, Downstream next) {
                throw new IllegalStateException("broken filter");
            }
        });
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.write("dropped");
            RawResponse answer = client.readResponse();
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.header("x-seen")).isEqualTo("outer");
            served.awaitCancelled();
        }
        assertThat(started.awaitEnded().error()).isEqualTo(GatewayError.INTERNAL);
    }

    @Test
    @AllowsErrors(WHY)
    void filterThrowingAtTheBodyCutsTheAnswerAndItsPartIsReleased() {
        TestGateway started = start(new Noting("outer"), new ResponseFilter() {
            @Override
            public void onBody(ByteBuf part, boolean last, Downstream next) {
                throw new IllegalStateException("broken filter");
            }
        });
        ByteBuf part = pooled(10_000);
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, 10_000);
            served.run(to -> to.writeBody(part, true));
            RawResponse answer = client.readResponse();
            assertThat(answer.complete()).isFalse();
            assertThat(answer.text()).isEqualTo("[outer]");
        }
        assertThat(part.refCnt()).isZero();
        assertThat(started.awaitEnded().end()).isEqualTo(Outcome.End.CUT);
        assertThat(calls).contains("outer failure INTERNAL");
    }

    @Test
    @AllowsErrors(WHY)
    void partThatWasPassedOnBeforeTheFilterThrewIsNotReleasedTwice() {
        TestGateway started = start(new ResponseFilter() {
            @Override
            public void onBody(ByteBuf part, boolean last, Downstream next) {
                next.writeBody(part, last);
                throw new IllegalStateException("broken filter");
            }
        });
        ByteBuf part = pooled(10_000);
        ByteBuf ours = part.retain();
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            served.writeHead(200, ResponseHead.UNKNOWN);
            served.run(to -> to.writeBody(part, false));
            RawResponse answer = client.readResponse();
            assertThat(answer.body()).hasSize(10_000);
            assertThat(answer.complete()).isFalse();
        }
        started.awaitEnded();
        Await.until("only the test's own reference is left", () -> ours.refCnt() == 1);
        ours.release();
    }

    @Test
    @AllowsErrors(WHY)
    void filterThrowingAtTheEndHidesItFromNobody() {
        TestGateway started = start(
                new Noting("first"),
                new ResponseFilter() {
                    @Override
                    public void onEnd(Outcome outcome) {
                        throw new IllegalStateException("broken filter");
                    }
                },
                new Noting("third"));
        assertThat(RawClient.get(started.port(), "/cached").status()).isEqualTo(200);
        started.awaitEnded();
        assertThat(calls).endsWith("third end ANSWERED", "first end ANSWERED");
    }

    @Test
    void filterAttachedAfterTheEndIsToldOfIt() {
        TestGateway started = start();
        try (RawClient client = started.connect()) {
            client.sendRequest("GET /manual", "");
            Served served = manual.await();
            client.reset();
            started.awaitEnded();
            served.run(to -> served.exchange().filterResponse(new Noting("late")));
        }
        assertThat(calls).containsExactly("late end CLIENT_LEFT");
    }
}
