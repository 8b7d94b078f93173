package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Load that sends the next request when the last is answered: {@code wrk}, on the core of the load. */
final class ClosedLoop {
    private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in ([\\d.]+)s");
    private static final Pattern FAILED = Pattern.compile("Non-2xx or 3xx responses: .*|Socket errors: .*");

    private final Workbench workbench;
    private final Request request;
    private final int connections;

    ClosedLoop(Workbench workbench, Request request, int connections) {
        this.workbench = workbench;
        this.request = request;
        this.connections = connections;
    }

    /**
     * What was seen of one peer.
     *
     * @param cpuMicros of the proxy, for each request
     * @param loadCorePercent how busy the core of backend and load was
     */
    record Seen(long requests, double perSecond, double cpuMicros, double loadCorePercent) {}

    Seen run(Peer peer, double seconds) throws IOException, VoidCellException {
        Path script = workbench.file("request.lua", request.lua(peer));
        // wrk takes whole seconds.
        long whole = Math.max(1, Math.round(seconds));
        List<String> command = List.of(
                "taskset",
                "-c",
                "" + Setting.LOAD_CORE,
                "wrk",
                "-t1",
                "-c" + connections,
                "-d" + whole + "s",
                "--timeout",
                "20s",
                "-s",
                script.toString(),
                peer.url() + "/");
        CoreTime loadBefore = CoreTime.of(Setting.LOAD_CORE);
        long cpuBefore = peer.cpuMicros();
        String printed = Shell.run(command);
        long cpu = peer.cpuMicros() - cpuBefore;
        double loadCorePercent = CoreTime.of(Setting.LOAD_CORE).busyPercentSince(loadBefore);
        Answered answered = answered(printed, peer);
        return new Seen(
                answered.count(),
                answered.count() / answered.seconds(),
                (double) cpu / answered.count(),
                loadCorePercent);
    }

    /** What wrk counted. */
    record Answered(long count, double seconds) {}

    /** How many were answered; throws if one was not, or not well. */
    static Answered answered(String printed, Peer peer) throws VoidCellException {
        Matcher failed = FAILED.matcher(printed);
        if (failed.find()) {
            throw new VoidCellException(
                    peer.name() + ": failed requests: " + failed.group().strip());
        }
        Matcher requests = REQUESTS.matcher(printed);
        if (!requests.find() || requests.group(1).equals("0")) {
            throw new VoidCellException(
                    String.format(Locale.ROOT, "%s: no request was answered:%n%s", peer.name(), printed));
        }
        return new Answered(Long.parseLong(requests.group(1)), Double.parseDouble(requests.group(2)));
    }
}
