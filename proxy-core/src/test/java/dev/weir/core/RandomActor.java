package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Chain, filters and endpoint of one exchange, as a seed has them; notes what the engine tells them. */
final class RandomActor implements Endpoint {
    private final int number;
    private final Random random;
    private final ByteBufAllocator alloc;
    private final boolean needsBody;
    private final boolean intact;
    private final List<CompletableFuture<Verdict>> waiting = new ArrayList<>();
    private final List<Filter> filters = new ArrayList<>();
    private @Nullable Exchange exchange;
    private @Nullable Downstream downstream;
    private @Nullable Way way;
    private boolean headWritten;
    private boolean over;
    private int served;

    /** @param intact whether the requests are as they were written, so that bodies hold one letter and nothing else */
    RandomActor(int number, Random random, ByteBufAllocator alloc, boolean intact) {
        this.number = number;
        this.random = random;
        this.alloc = alloc;
        this.intact = intact;
        this.needsBody = random.nextInt(3) == 0;
    }

    List<Middleware> chain() {
        List<Middleware> chain = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            boolean wantsBody = random.nextInt(4) == 0;
            chain.add(new Middleware() {
                @Override
                public boolean needsBody() {
                    return wantsBody;
                }

                @Override
                public Verdict onRequest(Exchange exchange) throws Exception {
                    return decide(exchange);
                }
            });
        }
        return chain;
    }

    private Verdict decide(Exchange exchange) throws GatewayException {
        if (random.nextInt(3) == 0) {
            Filter filter = new Filter();
            filters.add(filter);
            exchange.filterResponse(filter);
        }
        return switch (random.nextInt(14)) {
            case 0 -> Verdict.respond(LocalResponse.of(200, new Headers(), bytes()));
            case 1 -> Verdict.reject(GatewayError.RATE_LIMITED, "as the seed says");
            case 2 -> throw new GatewayException(GatewayError.FORBIDDEN, "as the seed says");
            case 3, 4, 5 -> {
                CompletableFuture<Verdict> later = new CompletableFuture<>();
                waiting.add(later);
                yield Verdict.await(later);
            }
            default -> Verdict.PROCEED;
        };
    }

    /** What other threads decide, sooner or later, or too late. */
    void completeWhatWaits() {
        for (CompletableFuture<Verdict> each : List.copyOf(waiting)) {
            switch (random.nextInt(4)) {
                case 0 -> each.complete(Verdict.respond(LocalResponse.of(200, new Headers(), bytes())));
                case 1 ->
                    each.completeExceptionally(
                            new GatewayException(GatewayError.STORE_UNAVAILABLE, "as the seed says"));
                default -> each.complete(Verdict.PROCEED);
            }
        }
        waiting.clear();
    }

    private ByteBuf bytes() {
        String text = String.valueOf((char) ('A' + number)).repeat(4 + random.nextInt(300));
        return alloc.buffer().writeBytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public boolean needsBody() {
        return needsBody;
    }

    @Override
    public void serve(Exchange asked, Downstream to) throws GatewayException {
        served++;
        exchange = asked;
        downstream = to;
        switch (random.nextInt(8)) {
            case 0 -> {
                over = true;
                to.respond(LocalResponse.of(200, new Headers(), bytes()));
            }
            case 1 -> throw new GatewayException(GatewayError.NO_BACKEND, "as the seed says");
            default -> {
                Way attached = new Way();
                way = attached;
                to.attach(attached);
            }
        }
    }

    /** The next thing a backend might do. */
    void act() {
        Downstream to = downstream;
        if (to == null || over) {
            return;
        }
        if (!headWritten) {
            if (random.nextInt(8) == 0) {
                over = true;
                to.fail(new GatewayException(GatewayError.BACKEND_FAILED, "as the seed says"));
            } else {
                headWritten = true;
                to.writeHead(new ResponseHead(200, "OK", new Headers(), ResponseHead.UNKNOWN));
            }
            return;
        }
        switch (random.nextInt(12)) {
            case 0 -> {
                over = true;
                to.fail(new GatewayException(GatewayError.BACKEND_FAILED, "as the seed says"));
            }
            case 1, 2 -> {
                over = true;
                to.writeBody(random.nextBoolean() ? Unpooled.EMPTY_BUFFER : bytes(), true);
                to.flush();
            }
            case 3 -> to.resumeRequest();
            case 4, 5 -> to.flush();
            default -> to.writeBody(bytes(), false);
        }
    }

    /** Nobody but the client wants the answer any more. */
    void loseInterest() {
        filters.forEach(filter -> filter.wanting = false);
        if (exchange != null) {
            exchange.endIfUnwanted();
        }
    }

    void check() {
        assertThat(served).as("times served").isLessThanOrEqualTo(1);
        filters.forEach(
                filter -> assertThat(filter.ends).as("ends a filter is told").isEqualTo(1));
        if (way != null) {
            assertThat(way.cancels).as("times the upstream is cancelled").isEqualTo(1);
            assertThat(way.wrongs)
                    .as("parts of the request that should not have come")
                    .isEmpty();
        }
    }

    /** A backend that takes of the request what it likes. */
    private final class Way implements Upstream {
        /** Told at the end: the engine would take an error thrown at it for the backend's. */
        private final List<String> wrongs = new ArrayList<>();

        private int cancels;
        private boolean ended;

        @Override
        public void writeBody(ByteBuf part, boolean last) {
            String text = part.toString(StandardCharsets.ISO_8859_1);
            part.release();
            if (ended || cancels > 0) {
                wrongs.add("a part after the end: " + text);
            }
            if (intact && !text.chars().allMatch(c -> c == 'a' + number)) {
                wrongs.add("bytes of another request: " + text);
            }
            ended = last;
        }

        @Override
        public boolean isWritable() {
            return random.nextInt(4) > 0;
        }

        @Override
        public void cancel() {
            cancels++;
        }
    }

    /** Passes on, holds, splits, or drops. */
    private final class Filter implements ResponseFilter {
        private final int habit = random.nextInt(5);
        private @Nullable ByteBuf held;
        private boolean wanting = random.nextBoolean();
        private int ends;

        @Override
        public boolean outlivesClient() {
            return wanting;
        }

        @Override
        public void onHead(ResponseHead head, Downstream next) {
            if (habit == 4 && random.nextInt(10) == 0) {
                throw new IllegalStateException("as the seed says");
            }
            next.writeHead(head);
        }

        @Override
        public void onBody(ByteBuf part, boolean last, Downstream next) {
            switch (habit) {
                case 1 -> {
                    ByteBuf before = held;
                    held = null;
                    if (before != null) {
                        next.writeBody(before, false);
                    }
                    if (last) {
                        next.writeBody(part, true);
                    } else {
                        held = part;
                    }
                }
                case 2 -> {
                    if (part.readableBytes() > 1) {
                        next.writeBody(part.readRetainedSlice(part.readableBytes() / 2), false);
                    }
                    next.writeBody(part, last);
                }
                case 3 -> {
                    part.release();
                    next.writeBody(Unpooled.EMPTY_BUFFER, last);
                }
                default -> next.writeBody(part, last);
            }
        }

        @Override
        public void onEnd(Outcome outcome) {
            ends++;
            if (held != null) {
                held.release();
                held = null;
            }
        }
    }
}
