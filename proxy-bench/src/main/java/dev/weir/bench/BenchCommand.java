package dev.weir.bench;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures, and writes what was measured. Exit code 0 if every cell has its figures, 1 if one is void, 2 for bad usage. */
@Command(
        name = "weir-bench",
        description = "Measures Weir beside other proxies on this machine, and writes a report with charts.",
        mixinStandardHelpOptions = true)
final class BenchCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--rounds",
            defaultValue = "5",
            description = "How often each figure is taken (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--seconds",
            defaultValue = "2",
            description = "How long each figure is taken (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--cells", split = ",", paramLabel = "CELL", description = "Only these; --list names them.")
    private List<String> cells = List.of();

    @Option(names = "--list", description = "Names the cells, and says what they measure.")
    private boolean list;

    @Option(names = "--root", defaultValue = ".", hidden = true, description = "The checkout.")
    private Path root = Path.of(".");

    @Option(names = "--jar", paramLabel = "FILE", description = "The Weir to measure (default: the one built here).")
    private @Nullable Path jar;

    @Option(
            names = "--jvm",
            paramLabel = "OPTIONS",
            split = " ",
            description = "What Weir's JVM runs with (default: as the installed service).")
    private List<String> jvm = List.of();

    @Option(
            names = "--output",
            paramLabel = "DIRECTORY",
            description = "Where the report goes (default: docs/benchmarks).")
    private @Nullable Path output;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        if (list) {
            Cells.all().forEach(cell -> out.printf("%-20s %s%n", cell.name(), cell.about()));
            out.flush();
            return 0;
        }
        Path checkout = root.toRealPath();
        Path measured = jar == null ? checkout.resolve("proxy-server/target/weir.jar") : jar.toAbsolutePath();
        List<Cell> chosen;
        Setting setting;
        try {
            chosen = Cells.named(cells);
            setting =
                    new Setting(checkout, measured, rounds, seconds, jvm.isEmpty() ? JvmFlags.of(checkout) : jvm, out);
        } catch (IllegalArgumentException e) {
            spec.commandLine().getErr().println(e.getMessage());
            return 2;
        }
        Results results = new Results();
        LocalDate date = LocalDate.now(ZoneOffset.UTC);
        Machine machine = Machine.here(setting);
        Path directory = output == null ? checkout.resolve("docs/benchmarks") : output;
        Files.createDirectories(directory);
        for (int i = 0; i < chosen.size(); i++) {
            measure(chosen.get(i), setting, results);
            // A run that is ended before its time leaves what it has found.
            new Report(date, machine, rounds, chosen.subList(0, i + 1), results).write(directory);
        }
        setting.say("written: " + directory.resolve(date + ".md"));
        return chosen.stream().anyMatch(cell -> results.voidReason(cell.name()).isPresent()) ? 1 : 0;
    }

    private static void measure(Cell cell, Setting setting, Results results) throws IOException {
        setting.say(cell.name());
        long start = System.nanoTime();
        try (Workbench workbench = new Workbench()) {
            cell.measure(new CellRun(cell, setting, workbench, results));
        } catch (VoidCellException e) {
            results.voidCell(cell.name(), String.valueOf(e.getMessage()));
            setting.say("  void: " + e.getMessage());
        } catch (IOException | RuntimeException e) {
            results.voidCell(cell.name(), "it could not be measured: " + e.getMessage());
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            setting.say("  void: " + trace);
        }
        setting.say("  " + cell.name() + " took " + (System.nanoTime() - start) / 1_000_000_000 + " s");
    }
}
