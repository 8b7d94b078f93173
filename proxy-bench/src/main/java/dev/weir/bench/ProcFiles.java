package dev.weir.bench;

/** Reads what {@code /proc} says of a process: proc(5). */
final class ProcFiles {
    /** Of the fields behind the name in parentheses, the eleventh and twelfth: time in user and in kernel mode. */
    private static final int USER_TIME = 11;

    private ProcFiles() {}

    /** Processor time of all threads, from the text of {@code /proc/PID/stat}. */
    static long cpuTicks(String stat) {
        // The name may hold blanks and parentheses of its own.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 1]);
    }

    /** Resident memory, from the text of {@code /proc/PID/status}. */
    static long rssBytes(String status) {
        return status.lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst()
                .orElse(0);
    }
}
