package dev.weir.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;

/** One large answer. */
final class DownloadCell implements Cell {
    static final String NAME = "download";
    static final String CPU = "CPU per answer, ms";
    private static final int MEBIBYTES = 100;
    private static final int CONNECTIONS = 4;
    private static final int WARM_UP_SECONDS = 4;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "An answer of 100 MiB over 4 connections, relayed; in Weir by a route of its own, through the same chain. nginx, set up"
                + " for streams as in the other cells (proxy_buffering off), reads 4 KiB at a time.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        Path directory = run.workbench().directory("files");
        Path file = directory.resolve("large");
        try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
            large.setLength((long) MEBIBYTES << 20);
        }
        int backend = Ports.next();
        run.peers().backend(new NginxConf(directory).file(backend, file), backend);
        List<Peer> peers = List.of(
                Peers.direct(backend),
                run.peers().nginx(backend),
                run.peers().haproxy(backend),
                run.weir().start(backend));
        Request request = Request.get("/v1/files/large");
        for (Peer peer : peers) {
            Probe.answered(peer, request);
            new ClosedLoop(run.workbench(), request, CONNECTIONS).run(peer, WARM_UP_SECONDS);
        }
        run.rounds(() -> {
            for (Peer peer : peers) {
                ClosedLoop.Seen seen = new ClosedLoop(run.workbench(), request, CONNECTIONS).run(peer, run.seconds());
                if (peer.isProxy()) {
                    run.add("", CPU, peer, seen.cpuMicros() / 1e3);
                    run.add("", "RSS, MiB", peer, peer.rssBytes() / 1048576.0);
                }
                run.add("", "MiB per second", peer, seen.perSecond() * MEBIBYTES);
            }
        });
    }
}
