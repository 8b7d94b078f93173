package dev.weir.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** One cell at work: what it may use, and where its figures go. One thread. */
final class CellRun {
    private static final int WARM_UP_SECONDS = 3;
    private static final int MOST_WARM_UPS = 40;
    private static final double CHEAPER = 0.97;

    /** One or two warm-ups may be dear by chance. */
    private static final int NO_CHEAPER = 3;

    private final Cell cell;
    private final Setting setting;
    private final Workbench workbench;
    private final Results results;

    CellRun(Cell cell, Setting setting, Workbench workbench, Results results) {
        this.cell = cell;
        this.setting = setting;
        this.workbench = workbench;
        this.results = results;
    }

    Setting setting() {
        return setting;
    }

    Workbench workbench() {
        return workbench;
    }

    Peers peers() {
        return new Peers(setting, workbench);
    }

    Weir weir() {
        return new Weir(setting, workbench);
    }

    double seconds() {
        return setting.seconds();
    }

    void add(String point, String quantity, Peer peer, double value) {
        add(point, quantity, peer.name(), value);
    }

    void add(String point, String quantity, String peer, double value) {
        results.add(cell.name(), point, quantity, peer, value);
        String where = point.isEmpty() ? "" : point + ", ";
        setting.say(String.format(Locale.ROOT, "    %-24s %s%s: %.4g", peer, where, quantity, value));
    }

    void note(String text) {
        results.note(cell.name(), text);
    }

    /** What is done once in each round. */
    @FunctionalInterface
    interface Round {
        void run() throws IOException, VoidCellException;
    }

    void rounds(Round round) throws IOException, VoidCellException {
        int count = setting.rounds();
        for (int i = 1; i <= count; i++) {
            setting.say("  " + cell.name() + ", round " + i + " of " + count);
            round.run();
        }
    }

    /** Sends {@code request} as fast as it goes, and keeps the processor time of each and how many there were. */
    void closedLoop(String point, String quantity, Request request, int connections, Peer peer)
            throws IOException, VoidCellException {
        ClosedLoop.Seen seen = new ClosedLoop(workbench, request, connections).run(peer, seconds());
        add(point, quantity, peer, seen.cpuMicros());
        add(point, "requests per second", peer, seen.perSecond());
    }

    /** Has the proxies' code compiled and their connections opened before it counts. */
    void warmUp(List<Peer> peers, Request request, int connections) throws IOException, VoidCellException {
        for (Peer peer : peers) {
            Probe.answered(peer, request);
            warmUp(peer, new ClosedLoop(workbench, request, connections));
        }
    }

    /** What is compiled while it runs gets cheaper for a while: loads it until it does no more. */
    void warmUp(Peer peer, ClosedLoop load) throws IOException, VoidCellException {
        if (!peer.isCompiledLate()) {
            load.run(peer, 1);
            return;
        }
        double least = Double.MAX_VALUE;
        int noCheaper = 0;
        int done = 0;
        for (; done < MOST_WARM_UPS && noCheaper < NO_CHEAPER; done++) {
            double now = load.run(peer, WARM_UP_SECONDS).cpuMicros();
            noCheaper = now < CHEAPER * least ? 0 : noCheaper + 1;
            least = Math.min(least, now);
        }
        setting.say("    " + peer.name() + " is warm after " + done * WARM_UP_SECONDS + " s");
    }
}
