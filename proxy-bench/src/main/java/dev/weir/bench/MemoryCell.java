package dev.weir.bench;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Memory, with many streams at once and after them. */
final class MemoryCell implements Cell {
    static final String NAME = "memory";
    static final String RSS = "RSS, MiB";
    static final String PER_STREAM = "RSS per idle stream, KiB";
    static final String IDLE = "idle";
    static final String LOADED = "2,000 streams";
    static final String RECOVERED = "recovered";
    static final String MANY_IDLE = "5,000 idle streams";
    private static final int BUSY_STREAMS = 2_000;
    private static final int IDLE_STREAMS = 5_000;
    private static final int MICROS_BETWEEN = 100_000;
    private static final double RECOVERY_SECONDS = 10;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Resident memory of processes that are new in each round: after the start and one stream; at the end of 2,000"
                + " streams of events 100 ms apart; 10 s or more after them. Then 5,000 streams that are idle after their first event:"
                + " what the process has grown by since its start, for each.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        EventSource source = run.workbench().keep(new EventSource());
        run.rounds(() -> {
            List<Peer> peers =
                    List.of(run.peers().nginx(source.port()), run.weir().start(source.port()));
            Map<Peer, Long> fresh = new HashMap<>();
            for (Peer peer : peers) {
                fresh.put(peer, load(run, source, peer));
            }
            // They recover at the same time.
            Await.seconds(RECOVERY_SECONDS);
            for (Peer peer : peers) {
                run.add(RECOVERED, RSS, peer, mebibytes(peer.rssBytes()));
            }
            for (Peer peer : peers) {
                fill(run, source, peer, fresh.getOrDefault(peer, 0L));
                run.workbench().end(peer.started());
            }
        });
    }

    /** Returns what a fresh process takes, in bytes. */
    private static long load(CellRun run, EventSource source, Peer peer) throws IOException, VoidCellException {
        StreamLoad.run(source, peer, 1, MICROS_BETWEEN, 0.5);
        long fresh = peer.rssBytes();
        run.add(IDLE, RSS, peer, mebibytes(fresh));
        StreamLoad.during(source, peer, BUSY_STREAMS, MICROS_BETWEEN, streams -> {
            Await.seconds(2 * run.seconds());
            run.add(LOADED, RSS, peer, mebibytes(peer.rssBytes()));
        });
        return fresh;
    }

    private static void fill(CellRun run, EventSource source, Peer peer, long fresh)
            throws IOException, VoidCellException {
        StreamLoad.during(source, peer, IDLE_STREAMS, 0, streams -> {
            Await.seconds(1);
            run.add(MANY_IDLE, RSS, peer, mebibytes(peer.rssBytes()));
            run.add(MANY_IDLE, PER_STREAM, peer, (peer.rssBytes() - fresh) / 1024.0 / IDLE_STREAMS);
        });
    }

    private static double mebibytes(long bytes) {
        return bytes / 1048576.0;
    }
}
