package dev.weir.bench;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What holds for a whole run.
 *
 * @param root the checkout
 * @param jar the Weir to measure
 * @param rounds how often each figure is taken
 * @param seconds how long each is taken
 * @param jvmFlags what Weir's JVM runs with
 * @param out where the run tells how far it is
 */
record Setting(Path root, Path jar, int rounds, double seconds, List<String> jvmFlags, PrintWriter out) {
    /** The core of the proxies; nothing else runs there. */
    static final int PROXY_CORE = 0;

    /** The core of backends and load. */
    static final int LOAD_CORE = 1;

    Setting {
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds: " + rounds + " (expected: >= 1)");
        }
        if (seconds < 0.5) {
            throw new IllegalArgumentException("seconds: " + seconds + " (expected: >= 0.5)");
        }
        if (!Files.isRegularFile(jar)) {
            throw new IllegalArgumentException("jar: " + jar + " is not there (expected: a built weir.jar)");
        }
        jvmFlags = List.copyOf(jvmFlags);
    }

    void say(String line) {
        out.println(line);
        out.flush();
    }
}
