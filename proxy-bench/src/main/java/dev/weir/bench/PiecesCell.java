package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The hot pieces alone: the JMH benchmarks of this module, shorter than {@code --micro} runs them. */
final class PiecesCell implements Cell {
    static final String NAME = "pieces";
    static final String TIME = "ns per call";
    static final String HEAP = "heap allocated per call, bytes";

    /** A round is as many times shorter than others'. */
    private static final int ROUNDS_IN_ONE = 4;

    private static final List<Piece> PIECES = List.of(
            new Piece("model found, body of %,d bytes", "ModelScanBenchmark.scan"),
            new Piece("model found and replaced, body of %,d bytes", "ModelScanBenchmark.scanAndSplice"),
            new Piece(
                    "a request and its answer without sockets, chain of %,d middlewares",
                    "ExchangeBenchmark.answerOneRequest"),
            new Piece("pick among %,d targets, all tied", "BalancerBenchmark.pick"),
            new Piece("limits of a key taken and settled", "LimiterBenchmark.takeAndSettle"),
            new Piece("event of a stream looked at for its end", "StreamScanBenchmark.scanEvent"),
            new Piece("event of a stream looked at for tokens", "AnswerScanBenchmark.scanEvent"),
            new Piece("answer of 330 bytes looked at for tokens", "AnswerScanBenchmark.scanAnswer"),
            new Piece("chunk of 200 bytes followed", "FramingBenchmark.readChunk"),
            new Piece("chunk of 200 bytes written", "FramingBenchmark.writeChunk"),
            new Piece("head of a request read", "FramingBenchmark.readRequestHead"),
            new Piece("head of an answer read", "FramingBenchmark.readResponseHead"),
            new Piece(
                    "head of an answer read, freed of its hop's fields and written",
                    "FramingBenchmark.relayResponseHead"));

    /**
     * One of them.
     *
     * @param title for the report, with a place for the parameter if there is one
     * @param benchmark class and method
     */
    private record Piece(String title, String benchmark) {
        String pattern() {
            return "\\." + benchmark.replace(".", "\\.") + "$";
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String about() {
        return "The hot pieces alone, measured by JMH with a process for each; a round is one short iteration. What five"
                + " middlewares cost is the difference to none, as far as it is more than two processes differ.";
    }

    @Override
    public void measure(CellRun run) throws IOException, VoidCellException {
        Path file = run.workbench().directory().resolve("jmh.json");
        run.setting().say("  " + NAME + ", " + run.setting().rounds() + " iterations of each");
        Shell.run(command(run, file));
        List<JmhResult> results = JmhResult.all(Files.readString(file));
        for (Piece piece : PIECES) {
            List<JmhResult> found = results.stream()
                    .filter(result -> result.benchmark().endsWith("." + piece.benchmark()))
                    .toList();
            if (found.isEmpty()) {
                throw new VoidCellException(piece.benchmark() + " was not measured");
            }
            for (JmhResult result : found) {
                String title = result.titled(piece.title());
                result.nanos().forEach(value -> run.add(title, TIME, Peer.WEIR, value));
                result.bytes().forEach(value -> run.add(title, HEAP, Peer.WEIR, value));
            }
        }
    }

    private static List<String> command(CellRun run, Path file) {
        String time = Math.round(1e3 * run.seconds() / ROUNDS_IN_ONE) + "ms";
        List<String> command = new ArrayList<>(List.of("taskset", "-c", "" + Setting.PROXY_CORE, "java"));
        // The processes that it forks take these over.
        command.addAll(run.setting().jvmFlags());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.openjdk.jmh.Main"));
        command.addAll(List.of("-prof", "gc", "-foe", "true", "-f", "1", "-rf", "json", "-rff", file.toString()));
        command.addAll(List.of("-i", "" + run.setting().rounds(), "-r", time));
        PIECES.forEach(piece -> command.add(piece.pattern()));
        return command;
    }
}
