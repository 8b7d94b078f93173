package dev.weir.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Chats that are not streamed, as fast as they go. */
final class ChatCell implements Cell {
    static final String NAME = "chat";
    static final String CPU = "CPU per chat, µs";
    static final String RATE = "chats per second";
    private static final String LOAD_CORE = "the load's core busy, %";
    private static final String JAVASCRIPT_COMES = "`npm install --prefix proxy-bench/target " + Peer.JAVASCRIPT + "`";
    private static final String SPRING_COMES = "`./mvnw -f proxy-bench/peers/spring-cloud-gateway package`";
    private static final List<Integer> CONNECTIONS = List.of(1, 64, 512);
    private static final int USUAL = 64;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "A chat of 430 bytes, answered with 330, as fast as one core of the proxy goes. Direct is the load on the backend"
                + " itself: as far as it is above the others, neither of the two holds them back. The load's core is busy with"
                + " both of them; what is left of its time is time that they waited for the proxy. Where little is left, a"
                + " faster load might get more chats through; what the proxy spends on each does not hang on that.";
    }

    static String point(int connections) {
        return String.format(Locale.ROOT, "%,d %s", connections, connections == 1 ? "connection" : "connections");
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        int backend = Backend.chats(run);
        Peers peers = run.peers();
        List<Peer> all = new ArrayList<>(List.of(
                Peers.direct(backend),
                peers.nginx(backend),
                peers.haproxy(backend),
                run.weir().start(backend)));
        for (Peer peer : all) {
            Probe.expect(peer, Request.chat(), Backend.CHAT_ANSWER);
        }
        List<Peer> gateways = new ArrayList<>();
        optional(run, gateways, Peer.JAVASCRIPT, peers.javascript(backend), JAVASCRIPT_COMES);
        optional(run, gateways, Peer.SPRING, peers.spring(backend), SPRING_COMES);
        all.addAll(gateways);
        run.warmUp(all, Request.chat(), USUAL);
        run.rounds(() -> {
            for (int connections : CONNECTIONS) {
                for (Peer peer : all) {
                    // They are many times slower: once is enough.
                    if (connections == USUAL || !gateways.contains(peer)) {
                        measure(run, peer, connections);
                    }
                }
            }
        });
    }

    /** Adds one that is measured if it is there; its answer may be written anew. */
    private static void optional(CellRun run, List<Peer> to, String name, Optional<Peer> peer, String comes)
            throws IOException {
        if (peer.isPresent() && Probe.send(peer.get(), Request.chat()).statusCode() == 200) {
            to.add(peer.get());
        } else {
            run.note(name + " was not there: " + comes + " brings it.");
        }
    }

    private static void measure(CellRun run, Peer peer, int connections) throws IOException, VoidCellException {
        ClosedLoop.Seen seen = new ClosedLoop(run.workbench(), Request.chat(), connections).run(peer, run.seconds());
        if (peer.isProxy()) {
            run.add(point(connections), CPU, peer, seen.cpuMicros());
        }
        run.add(point(connections), RATE, peer, seen.perSecond());
        run.add(point(connections), LOAD_CORE, peer, seen.loadCorePercent());
    }
}
