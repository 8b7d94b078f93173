package dev.weir.bench;

import picocli.CommandLine;

/** The command line of the benchmark. Main thread. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new BenchCommand()).execute(arguments));
    }
}
