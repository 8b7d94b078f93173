package dev.weir.bench;

import java.io.IOException;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Streams of events: what one event costs, and how much later it comes. */
final class StreamCell implements Cell {
    static final String NAME = "streams";
    static final String CPU = "CPU per event, µs";
    private static final List<Double> PERCENTILES = List.of(50.0, 90.0, 99.0);
    private static final int MICROS_BETWEEN_EVENTS = 20_000;

    /**
     * How many at once, and how far apart the events of one are: 2,000 streams of events 20 ms apart are 100,000 a second,
     * more than one core can send and receive. So the second point has its events further apart.
     */
    private enum Point {
        FEW(300, MICROS_BETWEEN_EVENTS),
        MANY(2_000, 5 * MICROS_BETWEEN_EVENTS);

        private final int streams;
        private final int micros;

        Point(int streams, int micros) {
            this.streams = streams;
            this.micros = micros;
        }

        @Override
        public String toString() {
            return point(streams, micros / 1000);
        }
    }

    static String point(int streams, int millis) {
        return streams + " streams of events " + millis + " ms apart";
    }

    static String addedGap(int percentile) {
        return "added gap p" + percentile + ", µs";
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "Events of 230 bytes. Weir asks the backend for the usage, which no client asked for, counts it, and takes its"
                + " event out again. First byte is from the request to the first event; gap is from one event of a stream to"
                + " its next; delay is from the backend's write to the client's read. Added is above the same without a proxy."
                + " Every event carries its number: a stream that lacks one makes the cell void.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        EventSource source = run.workbench().keep(new EventSource());
        Peer direct = Peers.direct(source.port());
        Peer weir = run.weir().start(source.port());
        List<Peer> proxies =
                List.of(run.peers().nginx(source.port()), run.peers().haproxy(source.port()), weir);
        for (Peer peer : proxies) {
            StreamLoad.warmUp(run, source, peer);
            StreamLoad.run(source, peer, Point.FEW.streams, Point.FEW.micros, run.seconds());
        }
        double tokensBefore = tokens(weir);
        long askedBefore = source.usageAsked();
        run.rounds(() -> {
            for (Point point : Point.values()) {
                StreamLoad.Seen without = StreamLoad.run(source, direct, point.streams, point.micros, run.seconds());
                report(run, point, direct, without);
                for (Peer peer : proxies) {
                    StreamLoad.Seen seen = StreamLoad.run(source, peer, point.streams, point.micros, run.seconds());
                    report(run, point, peer, seen);
                    added(run, point, peer, seen, without);
                }
            }
        });
        expectCounted(tokens(weir) - tokensBefore, source.usageAsked() - askedBefore);
    }

    /** What Weir has counted is what it asked for: in the streams that were measured, for the warm-up cuts some. */
    private static void expectCounted(double tokens, long streams) throws VoidCellException {
        if (tokens != (double) streams * Events.USAGE_TOKENS) {
            throw new VoidCellException("Weir counted " + tokens + " tokens of " + streams + " streams");
        }
    }

    private static double tokens(Peer weir) throws IOException {
        return Metrics.of(weir).sum("weir_tokens_total");
    }

    private static void report(CellRun run, Point point, Peer peer, StreamLoad.Seen seen) throws VoidCellException {
        if (peer.isProxy()) {
            run.add(point.toString(), CPU, peer, seen.cpuMicros());
        }
        run.add(point.toString(), "events per second", peer, seen.perSecond());
        run.add(point.toString(), "events lost", peer, seen.lost());
        if (seen.lost() > 0) {
            throw new VoidCellException(peer.name() + ": " + seen.lost() + " events were lost");
        }
        run.add(point.toString(), "gap p99, µs", peer, micros(seen.gaps(), 99));
        run.add(point.toString(), "delay p50, µs", peer, micros(seen.delays(), 50));
    }

    private static void added(CellRun run, Point point, Peer peer, StreamLoad.Seen seen, StreamLoad.Seen without) {
        run.add(
                point.toString(),
                "added first byte p50, µs",
                peer,
                micros(seen.firstByte(), 50) - micros(without.firstByte(), 50));
        for (double percentile : PERCENTILES) {
            run.add(
                    point.toString(),
                    addedGap((int) percentile),
                    peer,
                    micros(seen.gaps(), percentile) - micros(without.gaps(), percentile));
        }
        for (double percentile : PERCENTILES) {
            run.add(
                    point.toString(),
                    "added delay p" + (int) percentile + ", µs",
                    peer,
                    micros(seen.delays(), percentile) - micros(without.delays(), percentile));
        }
    }

    private static double micros(Histogram histogram, double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1e3;
    }
}
