package dev.weir.bench;

import java.io.IOException;
import java.util.List;

/** Large requests: Weir reads each body for its model, and sends it on with another one. */
final class BodyCell implements Cell {
    static final String NAME = "bodies";
    static final String CPU = "CPU per request, µs";
    private static final int CONNECTIONS = 16;
    private static final List<Integer> KIBIBYTES = List.of(16, 256, 1024);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Chats with long prompts over 16 connections. Weir parses the whole body, and puts the backend's name of the model"
                + " into it; nginx passes the bytes on, and may keep them in memory.";
    }

    static String point(int kibibytes) {
        return "body of " + (kibibytes < 1024 ? kibibytes + " KiB" : kibibytes / 1024 + " MiB");
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        int backend = Backend.chats(run);
        List<Peer> peers = List.of(run.peers().nginx(backend), run.weir().start(backend));
        for (Peer peer : peers) {
            Probe.expect(peer, Request.chatOf(1 << 20), Backend.CHAT_ANSWER);
        }
        run.warmUp(peers, Request.chatOf(16 << 10), CONNECTIONS);
        run.rounds(() -> {
            for (int size : KIBIBYTES) {
                for (Peer peer : peers) {
                    run.closedLoop(point(size), CPU, Request.chatOf(size << 10), CONNECTIONS, peer);
                }
            }
        });
    }
}
