import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Valid requests at a steady rate, first alone, then beside a flood of malformed ones; prints
 * {@code p50 p99 failed valid malformed/s} of either time, in milliseconds. One in ten of the malformed has a broken framing
 * and needs a connection of its own, the others have a body that is no JSON.
 *
 * <p>{@code java Flood.java PORT KEY MODEL SECONDS VALID_PER_SECOND MALFORMED_PER_SECOND}
 */
final class Flood {
    private static final int CONNECTIONS = 16;
    private static final int BATCH = 20;
    private static final List<String> BROKEN = List.of(
            "GET / HTTP/1.1\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n",
            "\u0016\u0003\u0001\0\0\r\n\r\n");

    private final int port;
    private final String valid;
    private final String nonsense;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final LongAdder malformed = new LongAdder();

    private Flood(int port, String key, String model) {
        this.port = port;
        this.valid = request(key, "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");
        this.nonsense = request(key, "{\"model\":\"" + model + "\",,");
    }

    private static String request(String key, String body) {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: flood\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                + key + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    public static void main(String[] args) throws Exception {
        double seconds = Double.parseDouble(args[3]);
        double rate = Double.parseDouble(args[4]);
        double floodRate = Double.parseDouble(args[5]);
        int status = 1;
        try {
            new Flood(Integer.parseInt(args[0]), args[1], args[2]).run(seconds / 2, rate, floodRate);
            System.out.println(new Flood(Integer.parseInt(args[0]), args[1], args[2]).run(seconds, rate, 0));
            System.out.println(new Flood(Integer.parseInt(args[0]), args[1], args[2]).run(seconds, rate, floodRate));
            status = 0;
        } finally {
            System.exit(status);
        }
    }

    private String run(double seconds, double rate, double floodRate) throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> flood = new ArrayList<>();
        for (int i = 0; floodRate > 0 && i < CONNECTIONS; i++) {
            int number = i;
            flood.add(threads.submit(() -> flood(number, floodRate / CONNECTIONS)));
        }
        List<Double> millis = Collections.synchronizedList(new ArrayList<>());
        LongAdder failed = new LongAdder();
        int clients = 8;
        List<Future<?>> valid = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < clients; i++) {
            int number = i;
            valid.add(threads.submit(() -> ask(start, seconds, rate / clients, number / rate, millis, failed)));
        }
        for (Future<?> each : valid) {
            each.get();
        }
        ended.set(true);
        for (Future<?> each : flood) {
            each.get();
        }
        threads.shutdown();
        Collections.sort(millis);
        return String.format(
                Locale.ROOT,
                "%.2f %.2f %d %d %.0f",
                millis.get(millis.size() / 2),
                millis.get((int) (millis.size() * 0.99)),
                failed.sum(),
                millis.size(),
                malformed.sum() / seconds);
    }

    /** One client; latency counts from the moment a request is due. */
    private Void ask(long start, double seconds, double rate, double offset, List<Double> millis, LongAdder failed)
            throws IOException {
        try (Connection connection = new Connection(port)) {
            for (int i = 0; (i + 1) / rate < seconds; i++) {
                long due = start + (long) ((i / rate + offset) * 1e9);
                while (due - System.nanoTime() > 0) {
                    LockSupport.parkNanos(due - System.nanoTime());
                }
                connection.send(valid);
                if (connection.status() != 200) {
                    failed.increment();
                }
                millis.add((System.nanoTime() - due) / 1e6);
            }
        }
        return null;
    }

    private Void flood(int number, double rate) throws IOException {
        long start = System.nanoTime();
        long sent = 0;
        Connection connection = new Connection(port);
        while (!ended.get()) {
            long due = start + (long) (sent * 1e9 / rate);
            while (due - System.nanoTime() > 0) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            for (int i = 0; i < BATCH / 10; i++) {
                try (Connection own = new Connection(port)) {
                    own.send(BROKEN.get((int) ((sent + i) % BROKEN.size())));
                    expect4xx(own.status());
                }
            }
            int rest = BATCH - BATCH / 10;
            connection.send(nonsense.repeat(rest));
            for (int i = 0; i < rest; i++) {
                expect4xx(connection.status());
            }
            sent += BATCH;
            malformed.add(BATCH);
        }
        connection.close();
        return null;
    }

    private static void expect4xx(int status) {
        if (status / 100 != 4) {
            throw new IllegalStateException("a malformed request was answered " + status);
        }
    }

    private static final class Connection implements AutoCloseable {
        private final Socket socket = new Socket();
        private final InputStream in;

        Connection(int port) throws IOException {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
            in = new BufferedInputStream(socket.getInputStream());
        }

        void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** The status of the next answer, which is read to its end. */
        int status() throws IOException {
            String status = line();
            int length = 0;
            for (String line = line(); !line.isEmpty(); line = line()) {
                if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                    length = Integer.parseInt(line.substring(15).strip());
                }
            }
            if (in.readNBytes(length).length < length) {
                throw new IOException("the connection ended");
            }
            return Integer.parseInt(status.substring(9, 12));
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder(64);
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new IOException("the connection ended");
                }
                line.append((char) c);
            }
            line.setLength(Math.max(0, line.length() - 1));
            return line.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
