package dev.weir.bench;

import java.io.IOException;
import java.util.List;

/** Encrypted clients. */
final class TlsCell implements Cell {
    static final String NAME = "tls";
    static final String CPU = "CPU per chat, µs";
    /** Times as long as a round: what a handshake runs through is compiled late. */
    private static final int WARM_UPS = 6;

    private static final String RESUMED = "new connections, sessions reused";
    private static final String KEPT = "64 connections kept";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Chats over TLS 1.3 with one ECDSA certificate: over connections that are kept, and with a new connection for"
                + " each, which takes up the session of the one before.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        Certificate certificate = Certificate.in(run.workbench().directory("tls"));
        int backend = Backend.chats(run);
        int port = Ports.next();
        Peer nginx = run.peers()
                .nginx(
                        new NginxConf(run.workbench().directory("nginx")).tlsProxy(port, backend, certificate),
                        "https",
                        port);
        Weir weir = run.weir();
        List<Peer> peers = List.of(nginx, weir.start(weir.plain(backend).with(certificate)));
        Handshakes handshakes = new Handshakes(certificate, Request.chat());
        for (Peer peer : peers) {
            run.warmUp(peer, new ClosedLoop(run.workbench(), Request.chat(), 64));
            handshakes.run(peer, WARM_UPS * run.seconds());
        }
        run.rounds(() -> {
            for (Peer peer : peers) {
                run.closedLoop(KEPT, CPU, Request.chat(), 64, peer);
            }
            for (Peer peer : peers) {
                Handshakes.Seen seen = handshakes.run(peer, run.seconds());
                run.add(RESUMED, CPU, peer, seen.cpuMicros());
                run.add(RESUMED, "sessions reused, %", peer, seen.resumedPercent());
            }
        });
    }
}
