package dev.weir.bench;

import java.io.IOException;
import java.util.List;

/** What a chat costs with more and more connections of clients. */
final class ConnectionCell implements Cell {
    static final String NAME = "growth-connections";
    static final List<Integer> NUMBERS = List.of(1, 64, 512, 5_000);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Chats over 1 to 5,000 connections, as fast as they go.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        int backend = Backend.chats(run);
        List<Peer> peers = List.of(run.peers().nginx(backend), run.weir().start(backend));
        run.warmUp(peers, Request.chat(), 64);
        for (Peer peer : peers) {
            new ClosedLoop(run.workbench(), Request.chat(), NUMBERS.get(NUMBERS.size() - 1))
                    .run(peer, 2 * run.seconds());
        }
        run.rounds(() -> {
            for (int connections : NUMBERS) {
                for (Peer peer : peers) {
                    run.closedLoop(ChatCell.point(connections), GrowthCell.CPU, Request.chat(), connections, peer);
                }
            }
        });
    }
}
