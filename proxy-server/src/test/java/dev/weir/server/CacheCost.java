package dev.weir.server;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Measures what the cache saves: embeddings of texts of 256 words by a real all-MiniLM model, through a Weir in a process of
 * its own, as a client on one connection sees them. For {@code packaging/bench/cache.sh}: {@code CacheCost WEIR_JAR}.
 */
public final class CacheCost {
    private static final int WORDS = 256;
    private static final int WARM_UP_MISSES = 40;
    private static final int MISSES = 200;
    private static final int WARM_UP_HITS = 20_000;
    private static final int HITS = 50_000;
    private static final String KEY = "sk-hx-dev-1234";
    private static final List<String> VOCABULARY = List.of(
            "river", "weir", "water", "holds", "back", "stream", "stone", "gate", "slow", "deep", "bank", "fish",
            "mill", "wheel", "town", "bridge", "flood", "rain", "summer", "channel", "level", "lock", "boat", "quiet",
            "under");

    private CacheCost() {}

    public static void main(String[] arguments) throws IOException {
        PrintStream out = System.out;
        try (MiniLmServer model = MiniLmServer.openai();
                WeirProcess weir = WeirProcess.ofJar(
                        Path.of(arguments[0]),
                        "serve",
                        "--config",
                        configuration(model.url()).toString())) {
            int port = weir.awaitPort();
            Random random = new Random(42);
            Measured direct = new Measured();
            Measured miss = new Measured();
            try (Client client = new Client(URI.create(model.url()).getPort(), "all-minilm")) {
                client.measureNew(random, WARM_UP_MISSES, new Measured());
                client.measureNew(random, MISSES, direct);
            }
            Measured hit = new Measured();
            try (Client client = new Client(port, "vectors")) {
                client.measureNew(random, WARM_UP_MISSES, new Measured());
                client.measureNew(random, MISSES, miss);
                String text = text(random);
                client.expect("miss", text);
                client.measureSame(text, WARM_UP_HITS, new Measured());
                client.measureSame(text, HITS, hit);
            }
            out.printf("%s, %d words, all-MiniLM-L6-v2, one connection%n%n", LocalDate.now(ZoneOffset.UTC), WORDS);
            out.println("| | p50 µs | p99 µs | requests |");
            out.println("|---|---|---|---|");
            out.println(direct.row("the model itself, without Weir"));
            out.println(miss.row("miss through Weir"));
            out.println(hit.row("hit"));
            out.printf(Locale.ROOT, "%nmiss / hit, p50: %.0f%n", miss.percentile(50) / hit.percentile(50));
            out.flush();
        }
        Runtime.getRuntime().exit(0);
    }

    private static Path configuration(String modelUrl) throws IOException {
        return Files.writeString(Files.createTempFile("cache-cost", ".yaml"), """
                server: {listen: "127.0.0.1:0"}
                backends: {lm: {url: "%s/v1", kind: openai}}
                models: {vectors: {targets: [{backend: lm, model: all-minilm}]}}
                discover_models: false
                """.formatted(modelUrl));
    }

    private static String text(Random random) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < WORDS; i++) {
            words.add(VOCABULARY.get(random.nextInt(VOCABULARY.size())));
        }
        return String.join(" ", words);
    }

    /** Durations. */
    private static final class Measured {
        private long[] nanos = new long[1024];
        private int count;

        void add(long duration) {
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * count);
            }
            nanos[count++] = duration;
        }

        double percentile(int percent) {
            Arrays.sort(nanos, 0, count);
            return nanos[Math.min(count - 1, count * percent / 100)] / 1_000.0;
        }

        String row(String name) {
            return String.format(Locale.ROOT, "| %s | %.0f | %.0f | %d |", name, percentile(50), percentile(99), count);
        }
    }

    /** A client on one connection that is kept alive; as little as one can be, so that it measures the server. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final String model;
        private final byte[] buffer = new byte[64 * 1024];
        private String head = "";

        Client(int port, String model) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
            out = socket.getOutputStream();
            this.model = model;
        }

        private byte[] request(String text) {
            byte[] body =
                    ("{\"model\": \"" + model + "\", \"input\": \"" + text + "\"}").getBytes(StandardCharsets.UTF_8);
            byte[] start = ("POST /v1/embeddings HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + KEY
                            + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
            byte[] whole = Arrays.copyOf(start, start.length + body.length);
            System.arraycopy(body, 0, whole, start.length, body.length);
            return whole;
        }

        /** Texts that nobody asked for before. */
        void measureNew(Random random, int count, Measured into) throws IOException {
            for (int i = 0; i < count; i++) {
                into.add(exchange(request(text(random))));
            }
        }

        void measureSame(String text, int count, Measured into) throws IOException {
            expect("hit", text);
            byte[] request = request(text);
            for (int i = 0; i < count; i++) {
                into.add(exchange(request));
            }
            expect("hit", text);
        }

        void expect(String result, String text) throws IOException {
            exchange(request(text));
            if (!head.contains("x-weir-cache: " + result)) {
                throw new IOException("not a " + result + ":\n" + head);
            }
        }

        private long exchange(byte[] request) throws IOException {
            long start = System.nanoTime();
            out.write(request);
            int length = readHead();
            if (in.readNBytes(buffer, 0, length) != length) {
                throw new IOException("the connection ended");
            }
            return System.nanoTime() - start;
        }

        /** Returns the length of the body. */
        private int readHead() throws IOException {
            StringBuilder text = new StringBuilder(512);
            while (text.length() < 4 || text.indexOf("\r\n\r\n", text.length() - 4) < 0) {
                int next = in.read();
                if (next < 0) {
                    throw new IOException("the connection ended:\n" + text);
                }
                text.append((char) next);
            }
            head = text.toString().toLowerCase(Locale.ROOT);
            int at = head.indexOf("content-length: ");
            if (!head.startsWith("http/1.1 200") || at < 0) {
                throw new IOException(head);
            }
            int from = at + "content-length: ".length();
            return Integer.parseInt(head.substring(from, head.indexOf('\r', from)));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
