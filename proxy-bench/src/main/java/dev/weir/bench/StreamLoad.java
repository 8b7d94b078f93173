package dev.weir.bench;

import java.io.IOException;
import org.HdrHistogram.Histogram;

/** Streams from the {@link EventSource} through a peer for a while. */
final class StreamLoad {
    private static final int WARM_UP_STREAMS = 64;
    private static final int WARM_UP_MICROS = 5_000;
    private static final double WARM_UP_SECONDS = 3;

    private StreamLoad() {}

    /**
     * What was seen of one peer.
     *
     * @param cpuMicros of the proxy, for each event, while all streams ran
     * @param lost events that were sent and never came
     */
    record Seen(
            double cpuMicros, double perSecond, double lost, Histogram firstByte, Histogram delays, Histogram gaps) {}

    /** What is done while all streams run. */
    @FunctionalInterface
    interface Meanwhile {
        void run(Streams streams) throws IOException, VoidCellException;
    }

    /** Streams of one event, as fast as they go, and then some longer ones: the code of both is used before it counts. */
    static void warmUp(CellRun run, EventSource source, Peer peer) throws IOException, VoidCellException {
        source.begin(WARM_UP_MICROS);
        source.finish();
        run.warmUp(peer, new ClosedLoop(run.workbench(), Request.streamedChat(), WARM_UP_STREAMS));
        run(source, peer, WARM_UP_STREAMS, WARM_UP_MICROS, WARM_UP_SECONDS);
    }

    static Seen run(EventSource source, Peer peer, int count, int microsBetween, double seconds)
            throws IOException, VoidCellException {
        double[] seen = new double[2];
        long sentBefore = source.eventsSent();
        Streams ended = during(source, peer, count, microsBetween, streams -> {
            streams.record();
            long cpuBefore = peer.cpuMicros();
            long eventsBefore = streams.events();
            long start = System.nanoTime();
            Await.seconds(seconds);
            long events = streams.events() - eventsBefore;
            seen[0] = (double) (peer.cpuMicros() - cpuBefore) / events;
            seen[1] = events / ((System.nanoTime() - start) / 1e9);
            streams.stopRecording();
        });
        return new Seen(
                seen[0],
                seen[1],
                source.eventsSent() - sentBefore - ended.events(),
                ended.firstByte(),
                ended.delays(),
                ended.gaps());
    }

    /**
     * Runs {@code count} streams, and ends them well.
     *
     * @param microsBetween 0 for streams that stay idle after their first event
     * @return them, for what they have kept
     */
    static Streams during(EventSource source, Peer peer, int count, int microsBetween, Meanwhile meanwhile)
            throws IOException, VoidCellException {
        long askedBefore = source.usageAsked();
        source.begin(microsBetween);
        try (Streams streams = Streams.begin(peer, Request.streamedChat(), count)) {
            meanwhile.run(streams);
            source.finish();
            streams.awaitEnd();
            long asked = source.usageAsked() - askedBefore;
            if (peer.name().startsWith(Peer.WEIR) && asked != count) {
                throw new VoidCellException("Weir asked for the usage of " + asked + " of " + count + " streams");
            }
            if (streams.usages() != 0) {
                throw new VoidCellException(peer.name() + ": a client got a usage it had not asked for");
            }
            return streams;
        } finally {
            source.finish();
        }
    }
}
