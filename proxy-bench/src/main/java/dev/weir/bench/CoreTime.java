package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a core has done since the machine started, in the kernel's ticks: proc(5), {@code /proc/stat}.
 *
 * @param busy of them, those in which it was not idle
 */
record CoreTime(long all, long busy) {
    private static final Path STAT = Path.of("/proc/stat");

    /** Of the fields behind the core's name, the fourth and the fifth: nothing to do, and nothing to do but wait for a disk. */
    private static final int IDLE = 4;

    private static final int WAITING = 5;

    /** The last field that counts: the two behind it are part of the first. */
    private static final int STOLEN = 8;

    static CoreTime of(int core) throws IOException {
        return of(core, Files.readString(STAT));
    }

    /** From the text of {@code /proc/stat}. */
    static CoreTime of(int core, String stat) {
        String line = stat.lines()
                .filter(each -> each.startsWith("cpu" + core + " "))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("core: " + core + " (expected: one of this machine)"));
        String[] fields = line.split(" +", -1);
        long all = 0;
        for (int i = 1; i <= STOLEN; i++) {
            all += Long.parseLong(fields[i]);
        }
        return new CoreTime(all, all - Long.parseLong(fields[IDLE]) - Long.parseLong(fields[WAITING]));
    }

    /** How much of the time since {@code before} the core was busy, in percent. */
    double busyPercentSince(CoreTime before) {
        return all == before.all ? 0 : 100.0 * (busy - before.busy) / (all - before.all);
    }
}
