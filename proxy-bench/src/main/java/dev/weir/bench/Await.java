package dev.weir.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Waits, each with an end. */
final class Await {
    private static final long LIMIT_NANOS = Duration.ofMinutes(2).toNanos();
    private static final long PAUSE_NANOS = Duration.ofMillis(20).toNanos();

    private Await() {}

    /** What is waited for. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException;
    }

    static void until(String what, Condition condition) throws IOException {
        value(what, () -> condition.holds() ? Optional.of(true) : Optional.empty());
    }

    /** What may be there later. */
    @FunctionalInterface
    interface Source<T> {
        Optional<T> next() throws IOException;
    }

    /** The first value that {@code source} has. */
    static <T> T value(String what, Source<T> source) throws IOException {
        long end = System.nanoTime() + LIMIT_NANOS;
        for (Optional<T> value = source.next(); ; value = source.next()) {
            if (value.isPresent()) {
                return value.get();
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException("waited in vain for " + what);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Until {@code process} listens on a port of this machine. */
    static void listening(PinnedProcess process, int port) throws IOException {
        until(process.name() + " on port " + port, () -> {
            if (!process.isAlive()) {
                throw new IOException(process.name() + " has ended:\n" + process.lastOutput());
            }
            return listens(port);
        });
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** A pause in which servers settle. */
    static void seconds(double seconds) {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
