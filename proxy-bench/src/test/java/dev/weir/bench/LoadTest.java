package dev.weir.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The loads of the benchmark's own, on servers that are no proxies. */
final class LoadTest {
    private static final double STALL_SECONDS = 0.4;

    /** Serves one request at a time; the first after a while. */
    private static HttpServer stalling(int status) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        AtomicInteger served = new AtomicInteger();
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            if (served.getAndIncrement() == 0) {
                awaitNothing();
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static void awaitNothing() {
        try {
            boolean never = new CountDownLatch(1).await((long) (STALL_SECONDS * 1e3), TimeUnit.MILLISECONDS);
            assertThat(never).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aStallShowsInAllRequestsThatWereDueMeanwhile() throws Exception {
        HttpServer server = stalling(200);
        try (OpenLoop load = new OpenLoop()) {
            OpenLoop.Seen seen = load.run(Peers.direct(server.getAddress().getPort()), Request.chat(), 64, 100, 0.5);
            // Of 50 requests, those due in the first 0.3 of the 0.4 seconds waited a tenth of a second or more.
            assertThat(seen.micros(50)).isGreaterThan(100_000);
            assertThat(seen.latencies().getTotalCount()).isEqualTo(50);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void everyNewQuestionHasANumberOfItsOwn() throws Exception {
        Set<String> bodies = ConcurrentHashMap.newKeySet();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.createContext("/", exchange -> {
            bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        try (OpenLoop load = new OpenLoop()) {
            Peer peer = Peers.direct(server.getAddress().getPort());
            load.run(peer, Request.newQuestion(), 2, 100, 0.2);
            load.run(peer, Request.newQuestion(), 2, 100, 0.1);
            assertThat(bodies).hasSize(30).allMatch(body -> body.contains("\"temperature\":0.0"));
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aFailedRequestMakesTheCellVoid() throws Exception {
        HttpServer server = stalling(500);
        try (OpenLoop load = new OpenLoop()) {
            assertThatThrownBy(
                            () -> load.run(Peers.direct(server.getAddress().getPort()), Request.chat(), 64, 100, 0.2))
                    .isInstanceOf(VoidCellException.class)
                    .hasMessageContaining("failed");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void everyEventOfEveryStreamIsSeenOnce() throws Exception {
        try (EventSource source = new EventSource()) {
            StreamLoad.Seen seen = StreamLoad.run(source, Peers.direct(source.port()), 5, 10_000, 0.3);
            assertThat(seen.lost()).isZero();
            assertThat(seen.perSecond()).isPositive();
            assertThat(seen.firstByte().getTotalCount()).isEqualTo(5);
        }
    }

    @Test
    void idleStreamsEndWhenTheyAreTold() throws Exception {
        try (EventSource source = new EventSource()) {
            Streams streams = StreamLoad.during(source, Peers.direct(source.port()), 3, 0, all -> {});
            assertThat(streams.events()).isEqualTo(3);
        }
    }
}
