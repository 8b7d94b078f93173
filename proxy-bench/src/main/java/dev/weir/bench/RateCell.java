package dev.weir.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Chats at a fixed rate that every peer can keep up with: what they cost then, and how much later answers come. */
final class RateCell implements Cell {
    static final String NAME = "rate";
    static final String CPU = "CPU per chat, µs";
    private static final String DROPPED = "weir_audit_dropped_total";
    private static final String WRITTEN = "weir_audit_written_total";
    private static final String CACHED = "weir_cache_requests_total";
    private static final String KEPT = "weir_cache_entries";

    /** Times as long as a round: at this rate the last of the code is compiled late. */
    private static final int WARM_UPS = 5;

    /** A round is as many times as long as others': the processor's time is told in hundredths of a second. */
    private static final int ROUND = 5;

    private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0, 99.9);

    /** How many connections carry how many chats a second. */
    enum Point {
        /** One connection sends when the answer before has come: two milliseconds have to be enough for each. */
        ONE(1, 500),
        USUAL(64, 2_000),
        /** What the whole chain does for a chat that the cache would give, if it had it. */
        NEW(64, 2_000),
        MANY(512, 2_000);

        private final int connections;
        private final int perSecond;

        Point(int connections, int perSecond) {
            this.connections = connections;
            this.perSecond = perSecond;
        }

        private Request request() {
            return this == NEW ? Request.newQuestion() : Request.chat();
        }

        @Override
        public String toString() {
            return ChatCell.point(connections) + (this == NEW ? ", new questions" : "");
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "The same chat at a fixed rate: 2,000 a second over 64 and over 512 connections, which take turns; 500 a second"
                + " over one, which waits for each answer before it sends the next and has time for that. New questions are chats"
                + " that the cache would answer (temperature 0), had anybody asked them before: each is looked for, and its answer"
                + " kept. Latency counts from"
                + " the moment at which a request was due. Added is what a peer's percentile has above the same percentile"
                + " without a proxy, in the same round.";
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
        List<Peer> plain = List.of(run.peers().nginx(backend), run.peers().haproxy(backend), weir.start(backend));
        List<Peer> audited = List.of(
                weir.start(weir.plain(backend).with(WeirConf.Chain.AUDITED)).named(Peer.WEIR_AUDIT),
                weir.start(weir.plain(backend).with(WeirConf.Chain.EVERYTHING)).named(Peer.WEIR_BODIES));
        List<Peer> all = new ArrayList<>(plain);
        Peer auth = weir.start(weir.plain(backend).with(WeirConf.Chain.AUTH)).named(Peer.WEIR_AUTH);
        List<Peer> asked = List.of(auth, audited.get(1));
        all.add(auth);
        all.addAll(audited);
        try (OpenLoop load = new OpenLoop()) {
            run.warmUp(all, Point.USUAL.request(), Point.USUAL.connections);
            run.warmUp(asked, Point.NEW.request(), Point.NEW.connections);
            send(load, direct, Point.USUAL, WARM_UPS * run.seconds());
            for (Peer peer : all) {
                send(load, peer, Point.USUAL, WARM_UPS * run.seconds());
            }
            for (Peer peer : asked) {
                send(load, peer, Point.NEW, WARM_UPS * run.seconds());
            }
            Map<Peer, Double> droppedBefore = dropped(audited);
            run.rounds(() -> {
                for (Point point : Point.values()) {
                    List<Peer> proxies = switch (point) {
                        case USUAL -> all;
                        case NEW -> asked;
                        case ONE, MANY -> plain;
                    };
                    measure(run, load, point, direct, proxies);
                }
            });
            for (Peer peer : audited) {
                double lost = Metrics.of(peer).sum(DROPPED) - droppedBefore.getOrDefault(peer, 0.0);
                run.add("", "audit records dropped", peer, lost);
                if (lost > 0) {
                    throw new VoidCellException(peer.name() + ": " + lost + " audit records were dropped");
                }
                run.add("", "audit records written", peer, Metrics.of(peer).sum(WRITTEN));
            }
        }
    }

    private static OpenLoop.Seen send(OpenLoop load, Peer peer, Point point, double seconds)
            throws IOException, VoidCellException {
        boolean keeps = point == Point.NEW && peer.name().equals(Peer.WEIR_BODIES);
        double missesBefore = keeps ? misses(peer) : 0;
        OpenLoop.Seen seen = load.run(peer, point.request(), point.connections, point.perSecond, seconds);
        if (keeps && misses(peer) - missesBefore != seen.latencies().getTotalCount()) {
            throw new VoidCellException(peer.name() + ": some questions were not new to the cache");
        }
        if (keeps && Metrics.of(peer).sum(KEPT) == 0) {
            throw new VoidCellException(peer.name() + ": the cache keeps no answers");
        }
        return seen;
    }

    private static double misses(Peer peer) throws IOException {
        return Metrics.of(peer).sum(CACHED, "result=\"miss\"");
    }

    private static void measure(CellRun run, OpenLoop load, Point point, Peer direct, List<Peer> proxies)
            throws IOException, VoidCellException {
        OpenLoop.Seen without = send(load, direct, point, ROUND * run.seconds());
        for (double percentile : PERCENTILES) {
            run.add(
                    point.toString(),
                    "latency p" + percentileName(percentile) + ", µs",
                    direct,
                    without.micros(percentile));
        }
        for (Peer peer : proxies) {
            OpenLoop.Seen seen = send(load, peer, point, ROUND * run.seconds());
            run.add(point.toString(), CPU, peer, seen.cpuMicros());
            for (double percentile : PERCENTILES) {
                run.add(
                        point.toString(),
                        added(percentile),
                        peer,
                        seen.micros(percentile) - without.micros(percentile));
            }
        }
    }

    private static Map<Peer, Double> dropped(List<Peer> peers) throws IOException {
        Map<Peer, Double> dropped = new HashMap<>();
        for (Peer peer : peers) {
            dropped.put(peer, Metrics.of(peer).sum(DROPPED));
        }
        return dropped;
    }
}
