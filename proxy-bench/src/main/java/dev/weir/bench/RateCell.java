package dev.weir.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Chats at a fixed rate that every peer can keep up with: what they cost then, and how much later answers come. */
final class RateCell implements Cell {
    static final String NAME = "rate";
    static final String CPU = "CPU per chat, µs";
    private static final String DROPPED = "weir_audit_dropped_total";
    private static final String WRITTEN = "weir_audit_written_total";
    private static final double PER_SECOND = 2_000;

    /** Times as long as a round: at this rate the last of the code is compiled late. */
    private static final int WARM_UPS = 5;

    /** A round is as many times as long as others': the processor's time is told in hundredths of a second. */
    private static final int ROUND = 5;

    private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "The same chat 2,000 times a second over 64 connections. Latency counts from the moment at which a request was"
                + " due. Added is what a peer's percentile has above the same percentile without a proxy, in the same round.";
    }

    static String added(double percentile) {
        return "added latency p" + percentileName(percentile) + ", µs";
    }

    private static String percentileName(double percentile) {
        return percentile == Math.rint(percentile) ? Long.toString((long) percentile) : Double.toString(percentile);
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        int backend = Backend.chats(run);
        Weir weir = run.weir();
        Peer direct = Peers.direct(backend);
        List<Peer> proxies = new ArrayList<>(List.of(
                run.peers().nginx(backend),
                run.peers().haproxy(backend),
                weir.start(weir.plain(backend).with(WeirConf.Chain.AUTH)).named(Peer.WEIR_AUTH),
                weir.start(backend),
                weir.start(weir.plain(backend).with(WeirConf.Chain.AUDITED)).named(Peer.WEIR_AUDIT),
                weir.start(weir.plain(backend).with(WeirConf.Chain.AUDITED_WITH_BODIES))
                        .named(Peer.WEIR_BODIES)));
        try (OpenLoop load = new OpenLoop()) {
            run.warmUp(proxies, Request.chat(), 64);
            load.run(direct, Request.chat(), PER_SECOND, WARM_UPS * run.seconds());
            for (Peer peer : proxies) {
                load.run(peer, Request.chat(), PER_SECOND, WARM_UPS * run.seconds());
            }
            Map<String, Double> droppedBefore = dropped(proxies);
            run.rounds(() -> {
                OpenLoop.Seen without = measure(run, load, direct, null);
                for (Peer peer : proxies) {
                    measure(run, load, peer, without);
                }
            });
            Map<String, Double> droppedAfter = dropped(proxies);
            for (Peer peer : proxies) {
                if (peer.name().equals(Peer.WEIR_AUDIT) || peer.name().equals(Peer.WEIR_BODIES)) {
                    double lost =
                            droppedAfter.getOrDefault(peer.name(), 0.0) - droppedBefore.getOrDefault(peer.name(), 0.0);
                    run.add("", "audit records dropped", peer, lost);
                    if (lost > 0) {
                        throw new VoidCellException(peer.name() + ": " + lost + " audit records were dropped");
                    }
                    run.add("", "audit records written", peer, Metrics.of(peer).sum(WRITTEN));
                }
            }
        }
    }

    private static OpenLoop.Seen measure(CellRun run, OpenLoop load, Peer peer, OpenLoop.@Nullable Seen without)
            throws VoidCellException {
        OpenLoop.Seen seen = load.run(peer, Request.chat(), PER_SECOND, ROUND * run.seconds());
        if (without == null) {
            for (double percentile : PERCENTILES) {
                run.add("", "latency p" + percentileName(percentile) + ", µs", peer, seen.micros(percentile));
            }
            return seen;
        }
        run.add("", CPU, peer, seen.cpuMicros());
        for (double percentile : PERCENTILES) {
            run.add("", added(percentile), peer, seen.micros(percentile) - without.micros(percentile));
        }
        return seen;
    }

    private static Map<String, Double> dropped(List<Peer> peers) throws IOException {
        Map<String, Double> dropped = new HashMap<>();
        for (Peer peer : peers) {
            if (peer.name().startsWith(Peer.WEIR)) {
                dropped.put(peer.name(), Metrics.of(peer).sum(DROPPED));
            }
        }
        return dropped;
    }
}
