package dev.weir.bench;

import picocli.CommandLine;

/** The command line of the benchmark. Main thread. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // What the clients log stays out of the figures; that nothing takes it is not worth a word.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        System.exit(new CommandLine(new BenchCommand()).execute(arguments));
    }
}
