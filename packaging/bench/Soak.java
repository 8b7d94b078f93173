import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Soaks a gateway: valid requests at a steady rate, and one in a hundred of every fault below, for so many minutes. Both ends
 * are here: clients that misbehave, and backends that do what a request's {@code x-soak} field says. Prints resident memory,
 * descriptors and latency as it goes, and in the end whether the gateway's own counts explain every request.
 *
 * <p>{@code java Soak.java backend PORT} or {@code java Soak.java client PORT PID MINUTES REQUESTS_PER_SECOND}
 */
final class Soak {
    private static final String KEY = "sk-soak-master";
    private static final String CHAT = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"soak\"}]}";
    private static final String STREAM = CHAT.replace("}]}", "}],\"stream\":true}");
    private static final int EVENTS = 20;
    private static final int LARGE_EVENTS = 2_000;
    private static final long TICK_NANOS = 10_000_000;

    /** What a client or a backend does wrong, and what the client must see. */
    private enum Fault {
        ABORT,
        HALF_CLOSE,
        SLOW_READER,
        MALFORMED,
        BAD_CHUNK,
        BAD_JSON,
        SLOW_HEAD,
        SLOW_BODY,
        OVERSIZE,
        WRONG_KEY,
        LIMITED,
        NO_MODEL,
        PIPELINED,
        BACKEND_RESET,
        BACKEND_STALL,
        BACKEND_TRUNCATES,
        BACKEND_SILENT,
        BACKEND_GARBAGE,
        BACKEND_500
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("backend")) {
            new Backend(Integer.parseInt(args[1])).run();
        } else {
            boolean fine = new Soak(Integer.parseInt(args[1]), Path.of("/proc", args[2]))
                    .run(Double.parseDouble(args[3]), Double.parseDouble(args[4]));
            System.exit(fine ? 0 : 1);
        }
    }

    private final int port;
    private final Path process;
    private final Map<String, LongAdder> results = new ConcurrentHashMap<>();
    private final Map<String, String> unexplained = new ConcurrentHashMap<>();
    private final LongAdder accepted = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final List<Double> millis = new ArrayList<>();
    private final AtomicLong stoodStillNanos = new AtomicLong();
    private final List<Long> residents = new ArrayList<>();
    private String limitedKey = "";

    private Soak(int port, Path process) {
        this.port = port;
        this.process = process;
    }

    private boolean run(double minutes, double rate) throws Exception {
        limitedKey = createLimitedKey();
        Map<String, Double> before = metrics();
        accepted.reset();
        long descriptorsBefore = descriptors();
        ExecutorService threads = Executors.newCachedThreadPool();
        Semaphore room = new Semaphore(400);
        Random random = new Random(1);
        long start = System.nanoTime();
        long end = start + (long) (minutes * 60e9);
        long report = start;
        Thread watch = new Thread(this::watch);
        watch.setDaemon(true);
        watch.start();
        System.out.println("minute   sent  p50 ms  p99 ms  RSS MiB  descriptors  stood still ms");
        for (long i = 0; System.nanoTime() < end; i++) {
            long due = start + (long) (i * 1e9 / rate);
            while (due - System.nanoTime() > 0) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            Fault[] all = Fault.values();
            int choice = random.nextInt(100);
            boolean stream = random.nextBoolean();
            room.acquire();
            threads.execute(() -> {
                try {
                    perform(choice < all.length ? all[choice] : null, stream);
                } finally {
                    room.release();
                }
            });
            if (System.nanoTime() - report > Math.min(60e9, (end - start) / 10.0)) {
                report = System.nanoTime();
                report((report - start) / 60e9);
            }
        }
        threads.shutdown();
        boolean over = threads.awaitTermination(60, TimeUnit.SECONDS);
        return judge(before, descriptorsBefore, over);
    }

    /** How long this process, which has little to do, did not come to run: then the machine is busy with something else. */
    private void watch() {
        while (true) {
            long begin = System.nanoTime();
            LockSupport.parkNanos(TICK_NANOS);
            stoodStillNanos.accumulateAndGet(System.nanoTime() - begin - TICK_NANOS, Math::max);
        }
    }

    private void report(double minute) throws IOException {
        double[] sorted;
        synchronized (millis) {
            sorted = millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            millis.clear();
        }
        long resident = resident();
        residents.add(resident);
        System.out.printf(
                Locale.ROOT,
                "%6.1f %6d %7.1f %7.1f %8d %12d %15d%n",
                minute,
                accepted.sum(),
                sorted.length == 0 ? 0 : sorted[sorted.length / 2],
                sorted.length == 0 ? 0 : sorted[(int) (sorted.length * 0.99)],
                resident / 1024,
                descriptors(),
                stoodStillNanos.getAndSet(0) / 1_000_000);
    }

    /** Waits until nothing is in flight, then adds up. */
    private boolean judge(Map<String, Double> before, long descriptorsBefore, boolean over) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        Map<String, Double> after = metrics();
        while (System.nanoTime() < deadline
                && (after.get("weir_in_flight") > 1 || after.get("weir_client_connections") > 1)) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
            after = metrics();
        }
        double completed = grown(before, after, "weir_exchanges_total{outcome=\"answered\"");
        double left = grown(before, after, "weir_exchanges_total{outcome=\"client_left\"");
        double cut = grown(before, after, "weir_exchanges_total{outcome=\"cut\"");
        double refused = grown(before, after, "weir_refused_total");
        // The request that reads the metrics is accepted and not yet completed; the one that read them before was the other way.
        long total = accepted.sum();
        System.out.println(new TreeMap<>(results));
        System.out.printf(
                Locale.ROOT,
                "accepted %d = completed %.0f + aborted %.0f (left %.0f, cut %.0f) + refused %.0f: %s%n",
                total,
                completed,
                left + cut,
                left,
                cut,
                refused,
                total == completed + left + cut + refused ? "yes" : "NO");
        boolean fine = check("every client was answered in the end", over);
        fine &= check("the counts add up", total == completed + left + cut + refused);
        fine &= check("nothing unexplained: " + wrong.sum() + " " + unexplained, wrong.sum() == 0);
        fine &= check("no request in flight: " + after.get("weir_in_flight"), after.get("weir_in_flight") <= 1);
        fine &= check("no body held: " + after.get("weir_buffered_body_bytes"), after.get("weir_buffered_body_bytes") == 0);
        fine &= check("no slot of a backend held", sum(after, "weir_backend_in_flight") == 0);
        fine &= check("no backend ejected in the end", sum(after, "weir_backend_up") == 2);
        long idle = descriptors() - (long) sum(after, "weir_backend_idle_connections");
        fine &= check("descriptors " + descriptorsBefore + " -> " + idle, idle <= descriptorsBefore + 20);
        int n = residents.size();
        if (n >= 8) {
            long early = residents.subList(n / 4, n / 2).stream().mapToLong(Long::longValue).max().orElse(0);
            long late = residents.subList(3 * n / 4, n).stream().mapToLong(Long::longValue).max().orElse(0);
            fine &= check("memory flat: " + early / 1024 + " -> " + late / 1024 + " MiB", late < early * 1.2);
        }
        return fine;
    }

    private static boolean check(String what, boolean holds) {
        System.out.println((holds ? "ok   " : "FAIL ") + what);
        return holds;
    }

    private void perform(Fault fault, boolean stream) {
        String name = fault == null ? (stream ? "stream" : "chat") : fault.name().toLowerCase(Locale.ROOT);
        String seen;
        try {
            long begin = System.nanoTime();
            seen = fault == null ? valid(stream) : fault(fault);
            if (fault == null) {
                synchronized (millis) {
                    millis.add((System.nanoTime() - begin) / 1e6);
                }
            }
        } catch (IOException | RuntimeException e) {
            seen = e.toString();
        }
        results.computeIfAbsent(name, any -> new LongAdder()).increment();
        if (!expected(fault).contains(seen)) {
            wrong.increment();
            unexplained.putIfAbsent(name, seen);
        }
    }

    private static List<String> expected(Fault fault) {
        if (fault == null) {
            return List.of("200 whole");
        }
        return switch (fault) {
            case ABORT, HALF_CLOSE -> List.of("left");
            case SLOW_READER, PIPELINED -> List.of("200 whole");
            case MALFORMED, BAD_CHUNK, BAD_JSON -> List.of("400 whole", "501 whole", "505 whole");
            case SLOW_HEAD, SLOW_BODY -> List.of("408 whole");
            case OVERSIZE -> List.of("413 whole");
            case WRONG_KEY -> List.of("401 whole");
            case LIMITED -> List.of("200 whole", "429 whole");
            case NO_MODEL -> List.of("404 whole");
            case BACKEND_RESET, BACKEND_GARBAGE -> List.of("502 whole", "503 whole");
            case BACKEND_STALL -> List.of("504 whole");
            case BACKEND_TRUNCATES, BACKEND_SILENT -> List.of("200 cut");
            case BACKEND_500 -> List.of("500 whole");
        };
    }

    private String valid(boolean stream) throws IOException {
        try (Peer peer = connect()) {
            peer.send(request(stream ? STREAM : CHAT, KEY, ""));
            return peer.answer();
        }
    }

    private String fault(Fault fault) throws IOException {
        try (Peer peer = connect()) {
            switch (fault) {
                case ABORT -> {
                    peer.send(request(STREAM, KEY, "x-soak: large\r\n"));
                    peer.readHead();
                    peer.reset();
                    return "left";
                }
                case HALF_CLOSE -> {
                    peer.send(request(STREAM, KEY, "x-soak: large\r\n"));
                    peer.readHead();
                    peer.socket.shutdownOutput();
                    peer.drain();
                    return "left";
                }
                case SLOW_READER -> {
                    peer.send(request(STREAM, KEY, "x-soak: large\r\n"));
                    peer.pauseNanos = TimeUnit.MILLISECONDS.toNanos(5);
                }
                case MALFORMED -> peer.send(MALFORMED.get((int) (accepted.sum() % MALFORMED.size())));
                case BAD_CHUNK -> peer.send(head(KEY, "Transfer-Encoding: chunked\r\n") + "5\r\nhelloworld\r\n");
                case BAD_JSON -> peer.send(request("{\"model\":\"m\",", KEY, ""));
                case SLOW_HEAD -> peer.send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n");
                case SLOW_BODY -> peer.send(head(KEY, "Content-Length: 100\r\n") + "{");
                case OVERSIZE -> peer.send(head(KEY, "Content-Length: 99999999\r\n") + "x".repeat(100_000));
                case WRONG_KEY -> peer.send(request(CHAT, "sk-guess-" + accepted.sum(), ""));
                case LIMITED -> peer.send(request(CHAT, limitedKey, ""));
                case NO_MODEL -> peer.send(request(CHAT.replace("\"m\"", "\"nobody\""), KEY, ""));
                case PIPELINED -> {
                    peer.send(request(CHAT, KEY, "").repeat(3));
                    accepted.add(2);
                    peer.answer();
                    peer.answer();
                }
                case BACKEND_TRUNCATES, BACKEND_SILENT -> peer.send(request(STREAM, KEY, soak(fault)));
                default -> peer.send(request(CHAT, KEY, soak(fault)));
            }
            return peer.answer();
        }
    }

    private static String soak(Fault fault) {
        return "x-soak: " + fault.name().substring("BACKEND_".length()).toLowerCase(Locale.ROOT) + "\r\n";
    }

    private static final List<String> MALFORMED = List.of(
            head(KEY, "Content-Length: 1\r\nContent-Length: 2\r\n") + "ab",
            head(KEY, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
            head(KEY, "X : y\r\n"),
            head(KEY, "X: a\0b\r\n"),
            head(KEY, "Transfer-Encoding: gzip, chunked\r\n"),
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/3.0\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "\u0016\u0003\u0001\0\0\r\n\r\n");

    private static String request(String body, String key, String fields) {
        return head(key, fields + "Content-Length: " + body.length() + "\r\n") + body;
    }

    private static String head(String key, String fields) {
        return "POST /v1/chat/completions HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\nAuthorization: Bearer "
                + key + "\r\n" + fields + "\r\n";
    }

    private Peer connect() throws IOException {
        accepted.increment();
        return new Peer(port);
    }

    private String createLimitedKey() throws IOException {
        String body = "{\"name\":\"limited\",\"limits\":{\"requests_per_minute\":6}}";
        String answer = whole("POST /management/keys", body);
        int at = answer.indexOf("\"key\":\"") + 7;
        return answer.substring(at, answer.indexOf('"', at));
    }

    private Map<String, Double> metrics() throws IOException {
        Map<String, Double> samples = new TreeMap<>();
        for (String line : whole("GET /metrics", "").split("\n", -1)) {
            int space = line.lastIndexOf(' ');
            if (line.startsWith("weir_") && space > 0) {
                samples.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            }
        }
        return samples;
    }

    private String whole(String methodAndPath, String body) throws IOException {
        accepted.increment();
        try (Peer peer = new Peer(port)) {
            peer.send(methodAndPath + " HTTP/1.1\r\nHost: soak\r\nConnection: close\r\nContent-Type: application/json\r\n"
                    + "Authorization: Bearer " + KEY + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            peer.answer();
            return peer.text.toString(StandardCharsets.UTF_8);
        }
    }

    private static double grown(Map<String, Double> before, Map<String, Double> after, String prefix) {
        return sum(after, prefix) - sum(before, prefix);
    }

    private static double sum(Map<String, Double> samples, String prefix) {
        return samples.entrySet().stream()
                .filter(sample -> sample.getKey().startsWith(prefix))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    private long resident() throws IOException {
        return Files.readAllLines(process.resolve("status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
    }

    private long descriptors() throws IOException {
        try (var entries = Files.list(process.resolve("fd"))) {
            return entries.count();
        }
    }

    /** A connection of a client that reads answers strictly. */
    private static final class Peer implements AutoCloseable {
        private final Socket socket = new Socket();
        private final InputStream in;
        private final ByteArrayOutputStream text = new ByteArrayOutputStream();
        private long pauseNanos;

        Peer(int port) throws IOException {
            socket.setReceiveBufferSize(32 * 1024);
            socket.setSoTimeout(30_000);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
            in = new BufferedInputStream(socket.getInputStream(), 4096);
        }

        void send(String latin1) throws IOException {
            try {
                socket.getOutputStream().write(latin1.getBytes(StandardCharsets.ISO_8859_1));
            } catch (SocketException refusedMeanwhile) {
                // What was answered can still be read.
            }
        }

        List<String> readHead() throws IOException {
            List<String> lines = new ArrayList<>();
            for (String line = line(in); !line.isEmpty(); line = line(in)) {
                lines.add(line.toLowerCase(Locale.ROOT));
            }
            return lines;
        }

        /** {@code STATUS whole} or {@code STATUS cut}. */
        String answer() throws IOException {
            text.reset();
            List<String> head = readHead();
            String status = head.get(0).substring(9, 12);
            try {
                if (head.contains("transfer-encoding: chunked")) {
                    for (int size = chunk(); size > 0; size = chunk()) {
                        text.write(exactly(in, size));
                        line(in);
                    }
                    line(in);
                } else {
                    text.write(exactly(in, length(head)));
                }
            } catch (IOException broken) {
                return status + " cut";
            }
            return status + " whole";
        }

        private int chunk() throws IOException {
            if (pauseNanos > 0) {
                LockSupport.parkNanos(pauseNanos);
            }
            return Integer.parseInt(line(in), 16);
        }

        void drain() throws IOException {
            byte[] some = new byte[4096];
            try {
                while (in.read(some) >= 0) {
                    // until the gateway closes
                }
            } catch (SocketException reset) {
                // as good an end
            }
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static int length(List<String> head) {
        return head.stream()
                .filter(line -> line.startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
                .findFirst()
                .orElse(0);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("the connection ended");
            }
            line.append((char) c);
        }
        line.setLength(Math.max(0, line.length() - 1));
        return line.toString();
    }

    private static byte[] exactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new IOException("the connection ended");
        }
        return bytes;
    }

    /** A server that speaks OpenAI's API well enough, and misbehaves as {@code x-soak} says. */
    private static final class Backend {
        private static final String EVENT =
                "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},\"finish_reason\":null}]}\n\n";
        private static final String LAST =
                "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        private static final String WHOLE =
                "{\"id\":\"c\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"word\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}}";

        private final ServerSocket server;

        Backend(int port) throws IOException {
            server = new ServerSocket(port, 1000, InetAddress.getLoopbackAddress());
        }

        void run() throws IOException {
            ExecutorService threads = Executors.newCachedThreadPool();
            while (true) {
                Socket socket = server.accept();
                threads.execute(() -> {
                    try (socket) {
                        serve(socket);
                    } catch (IOException gone) {
                        // The gateway ended it.
                    }
                });
            }
        }

        private void serve(Socket socket) throws IOException {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            while (true) {
                List<String> head = new ArrayList<>();
                for (String line = line(in); !line.isEmpty(); line = line(in)) {
                    head.add(line.toLowerCase(Locale.ROOT));
                }
                String body = new String(exactly(in, length(head)), StandardCharsets.UTF_8);
                String order = head.stream()
                        .filter(line -> line.startsWith("x-soak: "))
                        .map(line -> line.substring(8))
                        .findFirst()
                        .orElse("");
                if (head.get(0).startsWith("get ")) {
                    answer(out, 200, "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"object\":\"model\"}]}");
                } else if (!obey(order, socket, in, out)) {
                    return;
                } else if (order.equals("500")) {
                    answer(out, 500, "{\"error\":{\"message\":\"as ordered\"}}");
                } else if (body.contains("\"stream\":true")) {
                    stream(out, order.equals("large") ? LARGE_EVENTS : EVENTS);
                } else {
                    answer(out, 200, WHOLE);
                }
            }
        }

        /** Returns whether an answer is still to be given. */
        private static boolean obey(String order, Socket socket, InputStream in, OutputStream out) throws IOException {
            switch (order) {
                case "reset" -> socket.setSoLinger(true, 0);
                case "stall" -> awaitEnd(in);
                case "garbage" -> write(out, "this is no HTTP\r\n\r\n");
                case "truncates" -> {
                    head(out);
                    chunk(out, EVENT);
                }
                case "silent" -> {
                    head(out);
                    chunk(out, EVENT);
                    awaitEnd(in);
                }
                default -> {
                    return true;
                }
            }
            return false;
        }

        private static void awaitEnd(InputStream in) throws IOException {
            while (in.read() >= 0) {
                // nothing more comes before the end
            }
        }

        private static void stream(OutputStream out, int events) throws IOException {
            head(out);
            for (int i = 0; i < events; i++) {
                chunk(out, EVENT);
            }
            chunk(out, LAST);
            write(out, "0\r\n\r\n");
        }

        private static void head(OutputStream out) throws IOException {
            write(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        }

        private static void chunk(OutputStream out, String text) throws IOException {
            write(out, Integer.toHexString(text.length()) + "\r\n" + text + "\r\n");
        }

        private static void answer(OutputStream out, int status, String json) throws IOException {
            write(out, "HTTP/1.1 " + status + " S\r\nContent-Type: application/json\r\nContent-Length: " + json.length()
                    + "\r\n\r\n" + json);
        }

        private static void write(OutputStream out, String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
    }
}
