package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * One client connection on a clock of its own, and a seed that decides what client, chain, endpoint and filters do. The
 * parts of an exchange are in {@link RandomActor}.
 */
final class RandomConnection {
    private static final int MAX_STEPS = 400;
    private static final EngineSettings SETTINGS = new EngineSettings(
            HttpLimits.DEFAULT,
            10,
            0,
            20_000,
            new EngineSettings.Timeouts(1_000, 1_000, 2_000, 1_500, 1_000),
            CidrSet.EMPTY,
            CidrSet.EMPTY);

    private final Random random;
    private final MockTicker clock = Ticker.newMockTicker();
    private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(false, false);
    private final Map<Integer, RandomActor> actors = new HashMap<>();
    private final Map<String, Integer> ended = new HashMap<>();
    private final Engine engine;
    private final EmbeddedChannel channel;
    private final ByteBuf requests;
    private final RandomAnswers answers = new RandomAnswers();
    private boolean intact = true;
    private boolean orphaned;
    private int began;

    RandomConnection(long seed) {
        random = new Random(seed);
        engine = new Engine(SETTINGS, this::route, new ExchangeListener() {
            @Override
            public void ended(Exchange exchange, Outcome outcome) {
                ended.merge(exchange.request().path(), 1, Integer::sum);
            }
        });
        channel = EmbeddedChannel.builder().ticker(clock).build();
        channel.config().setAllocator(alloc);
        Admission admission = new Admission(engine, ClientFacts.of(InetAddress.getLoopbackAddress(), false), false);
        channel.pipeline().addLast("connection", new ClientConnection(engine, channel, admission));
        requests = requests();
    }

    /** A few requests behind each other, some of them broken. */
    private ByteBuf requests() {
        StringBuilder all = new StringBuilder();
        int count = 1 + random.nextInt(5);
        for (int i = 1; i <= count; i++) {
            request(all, i);
        }
        byte[] bytes = all.toString().getBytes(StandardCharsets.ISO_8859_1);
        if (random.nextInt(8) == 0) {
            int at = random.nextInt(bytes.length);
            // The number in a path is how an exchange knows which it is.
            boolean number = at > 0 && bytes[at - 1] == '/' && bytes[at] >= '1' && bytes[at] <= '5';
            intact = number;
            bytes[at] = number ? bytes[at] : (byte) random.nextInt(256);
        }
        return Unpooled.wrappedBuffer(bytes);
    }

    private void request(StringBuilder all, int number) {
        String body = String.valueOf((char) ('a' + number)).repeat(random.nextInt(4) * random.nextInt(2_000));
        all.append(random.nextInt(6) == 0 ? "HEAD" : "POST").append(" /").append(number);
        all.append(random.nextInt(10) == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n").append("Host: a\r\n");
        if (random.nextInt(8) == 0) {
            all.append("Expect: 100-continue\r\n");
        }
        if (random.nextInt(12) == 0) {
            all.append("Connection: close\r\n");
        }
        if (random.nextBoolean()) {
            all.append("Content-Length: ")
                    .append(body.length())
                    .append("\r\n\r\n")
                    .append(body);
        } else {
            all.append("Transfer-Encoding: chunked\r\n\r\n");
            for (int from = 0; from < body.length(); ) {
                int to = Math.min(body.length(), from + 1 + random.nextInt(700));
                all.append(Integer.toHexString(to - from))
                        .append("\r\n")
                        .append(body, from, to)
                        .append("\r\n");
                from = to;
            }
            all.append("0\r\n\r\n");
        }
    }

    private Route route(RequestHead head) {
        int number = Integer.parseInt(head.path().replaceAll("\\D", "") + "0") / 10;
        RandomActor actor = new RandomActor(number, random, alloc, intact);
        actors.put(++began, actor);
        return new Route(
                head.path(),
                Route.Access.CLIENT,
                Dialect.OPENAI,
                actor.chain(),
                actor,
                null,
                random.nextInt(10) == 0 ? 500 : 100_000);
    }

    /** Runs it to its end; returns how many steps that were. */
    long run() {
        int steps = 0;
        int maxSteps = random.nextInt(4) == 0 ? random.nextInt(100) : MAX_STEPS;
        while (channel.isActive() && steps < maxSteps) {
            step();
            channel.runPendingTasks();
            answers.read(channel);
            steps++;
        }
        channel.close();
        channel.runPendingTasks();
        actors.values().forEach(RandomActor::completeWhatWaits);
        channel.runPendingTasks();
        goOnWithoutClient();
        clock.advanceMillis(120_000);
        channel.runScheduledPendingTasks();
        channel.runPendingTasks();
        answers.read(channel);
        channel.releaseInbound();
        channel.releaseOutbound();
        check();
        return steps;
    }

    /** What others want may go on, and end by itself or for want of interest. */
    private void goOnWithoutClient() {
        orphaned = engine.exchanges() > 0;
        for (int steps = random.nextInt(20); steps > 0; steps--) {
            RandomActor actor = anyActor();
            if (actor != null) {
                actor.act();
            }
        }
        actors.values().forEach(RandomActor::loseInterest);
    }

    /** Whether an exchange went on without its client. */
    boolean wasOrphaned() {
        return orphaned;
    }

    private @Nullable RandomActor anyActor() {
        return actors.isEmpty() ? null : actors.get(1 + random.nextInt(actors.size()));
    }

    private void step() {
        RandomActor actor = anyActor();
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> sendSome();
            case 3, 4, 5, 6 -> {
                if (actor != null) {
                    actor.act();
                }
            }
            case 7 -> {
                if (actor != null) {
                    actor.completeWhatWaits();
                }
            }
            case 8 -> {
                clock.advanceMillis(random.nextInt(random.nextInt(20) == 0 ? 3_000 : 100));
                channel.runScheduledPendingTasks();
            }
            default -> {
                if (random.nextInt(60) == 0) {
                    channel.close();
                } else if (channel.unsafe().outboundBuffer() != null) {
                    channel.unsafe().outboundBuffer().setUserDefinedWritability(1, random.nextInt(3) > 0);
                }
            }
        }
    }

    private void sendSome() {
        if (!requests.isReadable()) {
            return;
        }
        int count = Math.min(requests.readableBytes(), 1 + random.nextInt(random.nextInt(4) == 0 ? 4_000 : 200));
        channel.writeInbound(alloc.buffer(count).writeBytes(requests, count));
    }

    private void check() {
        assertThat(engine.exchanges()).as("exchanges in flight").isZero();
        assertThat(engine.bufferedBytes()).as("bytes of bodies held").isZero();
        assertThat(ended.values()).as("ends of each exchange").allMatch(count -> count >= 1);
        assertThat(ended.values().stream().mapToInt(Integer::intValue).sum())
                .as("exchanges that ended")
                .isEqualTo(began);
        actors.values().forEach(RandomActor::check);
        answers.check();
        assertThat(alloc.metric().usedHeapMemory()).as("bytes not released").isZero();
    }
}
