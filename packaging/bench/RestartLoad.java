import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Chats at a steady rate for some seconds: RATE a second, every fourth on a connection of its own, the others on kept ones. A
 * kept connection that turns out closed before the first byte of an answer is replaced once, as HTTP clients do (RFC 9112
 * section 9.3.1). Prints what became of them; exits 1 if one failed.
 */
public class RestartLoad {
    private static final Deque<Connection> IDLE = new ConcurrentLinkedDeque<>();
    private static final AtomicInteger ANSWERED = new AtomicInteger();
    private static final AtomicInteger RENEWED = new AtomicInteger();
    private static final AtomicInteger FAILED = new AtomicInteger();

    private static int port;

    private static final class Connection {
        private final Socket socket = new Socket();
        private final InputStream in;

        Connection() throws IOException {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            socket.connect(new InetSocketAddress("127.0.0.1", port), 30_000);
            in = new BufferedInputStream(socket.getInputStream());
        }

        void close() {
            try {
                socket.close();
            } catch (IOException ignored) {
                // It is gone, which is all that is wanted.
            }
        }
    }

    private static final class NoAnswer extends IOException {
        private static final long serialVersionUID = 1;

        NoAnswer(Throwable cause) {
            super("closed before the first byte", cause);
        }
    }

    public static void main(String[] args) throws InterruptedException {
        port = Integer.parseInt(args[0]);
        int rate = Integer.parseInt(args[1]);
        int seconds = Integer.parseInt(args[2]);
        String key = args[3];
        int all = rate * seconds;
        long[] micros = new long[all];
        ExecutorService threads = Executors.newCachedThreadPool();
        long start = System.nanoTime();
        for (int i = 0; i < all; i++) {
            long due = start + TimeUnit.SECONDS.toNanos(1) / rate * i;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            int number = i;
            threads.execute(() -> {
                chat(number, key);
                micros[number] = (System.nanoTime() - due) / 1_000;
            });
        }
        threads.shutdown();
        boolean over = threads.awaitTermination(60, TimeUnit.SECONDS);
        Arrays.sort(micros);
        System.out.printf(
                "%d requests: %d answered, %d of them on a second connection, %d failed; p50 %d ms, p99 %d ms, longest %d ms%n",
                all,
                ANSWERED.get(),
                RENEWED.get(),
                FAILED.get(),
                micros[all / 2] / 1_000,
                micros[all * 99 / 100] / 1_000,
                micros[all - 1] / 1_000);
        System.exit(over && ANSWERED.get() == all ? 0 : 1);
    }

    private static void chat(int number, String key) {
        boolean kept = number % 4 != 0;
        String body = "{\"model\":\"m\",\"max_tokens\":20,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}";
        byte[] request = ("POST /v1/chat/completions HTTP/1.1\r\nHost: weir\r\nAuthorization: Bearer " + key
                        + "\r\nContent-Type: application/json\r\n" + (kept ? "" : "Connection: close\r\n")
                        + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
        Connection connection = kept ? IDLE.pollFirst() : null;
        boolean reused = connection != null;
        try {
            if (connection == null) {
                connection = new Connection();
            }
            try {
                exchange(connection, request);
            } catch (NoAnswer e) {
                connection.close();
                if (!reused) {
                    throw e;
                }
                RENEWED.incrementAndGet();
                connection = new Connection();
                exchange(connection, request);
            }
            ANSWERED.incrementAndGet();
            if (!connection.socket.isClosed()) {
                IDLE.addFirst(connection);
            }
        } catch (IOException e) {
            if (FAILED.incrementAndGet() <= 10) {
                System.out.println("request " + number + (reused ? " (kept connection)" : "") + ": " + e);
            }
            if (connection != null) {
                connection.close();
            }
        }
    }

    private static void exchange(Connection connection, byte[] request) throws IOException {
        String status;
        try {
            connection.socket.getOutputStream().write(request);
            status = line(connection.in);
        } catch (IOException e) {
            throw new NoAnswer(e);
        }
        int length = -1;
        boolean close = false;
        for (String field = line(connection.in); !field.isEmpty(); field = line(connection.in)) {
            String lower = field.toLowerCase();
            if (lower.startsWith("content-length:")) {
                length = Integer.parseInt(lower.substring(15).trim());
            }
            close |= lower.equals("connection: close");
        }
        if (length < 0 || connection.in.readNBytes(length).length != length) {
            throw new IOException("cut: " + status);
        }
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException(status);
        }
        if (close) {
            connection.close();
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("end of stream");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
