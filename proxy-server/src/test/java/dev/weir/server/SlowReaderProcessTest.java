package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that hardly reads holds its backend back; the gateway in between keeps little. */
class SlowReaderProcessTest {
    private static final long MIB = 1 << 20;
    private static final long TOTAL = 1024 * MIB;
    /** A prime, so that what repeats does not fall in step with buffers. */
    private static final int PERIOD = 251;

    @TempDir
    private Path directory;

    @Test
    void aGibibyteToASlowReaderPassesThroughASmallHeap() throws Exception {
        try (Source source = new Source()) {
            Path file = Files.writeString(directory.resolve("weir.yaml"), """
                    server: {listen: "127.0.0.1:0"}
                    auth: {master_key: sk-slow}
                    backends: {source: {url: "http://127.0.0.1:%d", kind: openai}}
                    routes: [{path: /v1/big, backend: source}]
                    """.formatted(source.port()));
            List<String> small = List.of("-Xmx64m", "-XX:MaxDirectMemorySize=64m", "-XX:+ExitOnOutOfMemoryError");
            try (WeirProcess weir = WeirProcess.start(small, Map.of(), "serve", "--config", file.toString());
                    Socket client = new Socket()) {
                int port = weir.awaitPort();
                client.setReceiveBufferSize(64 * 1024);
                client.setSoTimeout(10_000);
                client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                client.getOutputStream()
                        .write("GET /v1/big HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-slow\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                InputStream in = client.getInputStream();
                skipHead(in);

                long read = readSlowly(in, Duration.ofSeconds(20));
                assertThat(source.sent.get()).isLessThan(32 * MIB);
                assertThat(directMemory(port)).isLessThan(32 * MIB);
                assertThat(weir.residentBytes()).isLessThan(320 * MIB);
                long started = System.nanoTime();
                read = readAll(in, read);
                assertThat(read).isEqualTo(TOTAL);
                assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(30));
                assertThat(directMemory(port)).isLessThan(32 * MIB);
                assertThat(weir.residentBytes()).isLessThan(320 * MIB);
            }
        }
    }

    private static void skipHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.read());
        }
        assertThat(head).startsWith("HTTP/1.1 200").contains("\r\nContent-Length: " + TOTAL + "\r\n");
    }

    /** Ten kilobytes a second. */
    private static long readSlowly(InputStream in, Duration time) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        long read = 0;
        while (System.nanoTime() < end) {
            check(in.readNBytes(1_000), 1_000, read);
            read += 1_000;
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        return read;
    }

    private static long readAll(InputStream in, long from) throws IOException {
        byte[] buffer = new byte[256 * 1024];
        long read = from;
        while (read < TOTAL) {
            int count = in.read(buffer);
            if (count < 0) {
                break;
            }
            check(buffer, count, read);
            read += count;
        }
        return read;
    }

    /** Looks at a byte here and there: all of them would cost more than the transfer. */
    private static void check(byte[] bytes, int count, long offset) {
        for (int i = 0; i < count; i += 997) {
            if (bytes[i] != (byte) ((offset + i) % PERIOD)) {
                throw new AssertionError("wrong byte at " + (offset + i));
            }
        }
    }

    private static double directMemory(int port) throws Exception {
        var answer = java.net.http.HttpClient.newHttpClient()
                .send(
                        TestGateway.request("http://127.0.0.1:" + port + "/metrics", "GET", ""),
                        java.net.http.HttpResponse.BodyHandlers.ofString());
        return answer.body()
                .lines()
                .filter(line -> line.startsWith("weir_direct_memory_bytes "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(' '))))
                .findFirst()
                .orElseThrow();
    }

    /** Answers every GET of {@code /v1/big} with a gibibyte, and other requests with nothing. */
    private static final class Source implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final AtomicLong sent = new AtomicLong();

        Source() throws IOException {
            daemon(this::accept);
        }

        int port() {
            return listener.getLocalPort();
        }

        private static void daemon(Runnable work) {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            thread.start();
        }

        private void accept() {
            try {
                while (true) {
                    Socket socket = listener.accept();
                    daemon(() -> serve(socket));
                }
            } catch (IOException closed) {
                // The test is over.
            }
        }

        private void serve(Socket socket) {
            try (socket) {
                StringBuilder head = new StringBuilder();
                while (head.indexOf("\r\n\r\n") < 0) {
                    int next = socket.getInputStream().read();
                    if (next < 0) {
                        return;
                    }
                    head.append((char) next);
                }
                boolean big = head.indexOf("GET /v1/big ") == 0;
                OutputStream out = socket.getOutputStream();
                out.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + (big ? TOTAL : 0) + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                if (big) {
                    send(out);
                }
            } catch (SocketException left) {
                // The gateway closed.
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        private void send(OutputStream out) throws IOException {
            byte[] pattern = new byte[PERIOD * 1024];
            for (int i = 0; i < pattern.length; i++) {
                pattern[i] = (byte) (i % PERIOD);
            }
            long left = TOTAL;
            while (left > 0) {
                int count = (int) Math.min(pattern.length, left);
                out.write(pattern, 0, count);
                sent.addAndGet(count);
                left -= count;
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
        }
    }
}
