package dev.weir.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** From the command to the first answer. */
final class StartCell implements Cell {
    static final String NAME = "start";
    static final String TIME = "time to the first answer, ms";
    static final String PLAIN = "Weir";
    static final String ARCHIVE = "Weir, class-data archive";
    private static final long PAUSE_NANOS = Duration.ofMillis(2).toNanos();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Map<String, String> MASTER_KEY = Map.of("Authorization", "Bearer sk-hx-dev-1234");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "From the command to the first chat that is answered, asked for again every 2 ms. Not pinned: the JVM may use both"
                + " cores. The archive is one of all classes that a start and a chat load (-XX:ArchiveClassesAtExit).";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        int backend = Backend.chats(run);
        Weir weir = run.weir();
        WeirConf conf = weir.plain(backend);
        Path file = weir.write(conf);
        weir.createKey(conf, file);
        Path archive = run.workbench().directory().resolve("weir.jsa");
        List<String> plain = run.setting().jvmFlags();
        time(run, weir, conf, file, with(plain, "-XX:ArchiveClassesAtExit=" + archive));
        if (!Files.isRegularFile(archive)) {
            throw new VoidCellException("the JVM wrote no archive");
        }
        List<String> archived = with(plain, "-XX:SharedArchiveFile=" + archive);
        time(run, weir, conf, file, archived);
        run.rounds(() -> {
            run.add("", TIME, PLAIN, time(run, weir, conf, file, plain));
            run.add("", TIME, ARCHIVE, time(run, weir, conf, file, archived));
        });
    }

    private static List<String> with(List<String> flags, String flag) {
        List<String> all = new ArrayList<>(flags);
        all.add(flag);
        return all;
    }

    /** Milliseconds; ends the Weir that it starts. */
    private static double time(CellRun run, Weir weir, WeirConf conf, Path file, List<String> flags)
            throws IOException, VoidCellException {
        Peer client = new Peer(Peer.WEIR, "http", conf.port(), null, MASTER_KEY);
        byte[] request = Request.chat().wire(client);
        long start = System.nanoTime();
        PinnedProcess process = weir.launch(conf, file, flags, -1);
        try {
            while (!isAnswered(conf.port(), request)) {
                if (System.nanoTime() - start > LIMIT.toNanos() || !process.isAlive()) {
                    throw new VoidCellException("Weir did not start:\n" + process.lastOutput());
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            return (System.nanoTime() - start) / (double) TimeUnit.MILLISECONDS.toNanos(1);
        } finally {
            run.workbench().end(process);
        }
    }

    private static boolean isAnswered(int port, byte[] request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(2_000);
            socket.getOutputStream().write(request);
            InputStream in = socket.getInputStream();
            byte[] head = in.readNBytes("HTTP/1.1 200".length());
            return new String(head, StandardCharsets.US_ASCII).equals("HTTP/1.1 200");
        } catch (IOException e) {
            return false;
        }
    }
}
