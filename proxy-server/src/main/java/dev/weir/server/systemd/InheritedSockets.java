package dev.weir.server.systemd;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The listening sockets that the service manager opened and handed over, as sd_listen_fds(3) has it. One that is named
 * {@code admin} or {@code redirect} is for that listener; all others are for the addresses of {@code server.listen}, in order.
 * Confined to one thread.
 */
public final class InheritedSockets {
    private static final int FIRST = 3;
    private static final int MOST = 64;
    private static final int NON_BLOCKING = 04000;

    private final Deque<Integer> clients = new ArrayDeque<>();
    private @Nullable Integer admin;
    private @Nullable Integer redirect;

    private InheritedSockets() {}

    /**
     * Those that {@code environment} tells of; none when it speaks to another process.
     *
     * @throws IOException if it makes no sense, or a socket would block an event loop
     */
    public static InheritedSockets of(Map<String, String> environment) throws IOException {
        return of(environment, ProcessHandle.current().pid());
    }

    static InheritedSockets of(Map<String, String> environment, long pid) throws IOException {
        InheritedSockets sockets = new InheritedSockets();
        String count = environment.getOrDefault("LISTEN_FDS", "");
        if (count.isEmpty() || !Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
            return sockets;
        }
        if (!count.matches("\\d{1,3}") || Integer.parseInt(count) > MOST) {
            throw new IOException("LISTEN_FDS: " + count + " (expected: 0 to " + MOST + ")");
        }
        List<String> names =
                List.of(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
        for (int i = 0; i < Integer.parseInt(count); i++) {
            String name = i < names.size() ? names.get(i) : "";
            sockets.add(name, FIRST + i);
        }
        return sockets;
    }

    private void add(String name, int descriptor) throws IOException {
        requireNonBlocking(name, descriptor);
        switch (name) {
            case "admin" -> admin = descriptor;
            case "redirect" -> redirect = descriptor;
            default -> clients.add(descriptor);
        }
    }

    /** Accepting on a socket that blocks would stop an event loop, and there is no way to change that from here. */
    private static void requireNonBlocking(String name, int descriptor) throws IOException {
        Path about = Path.of("/proc/self/fdinfo/" + descriptor);
        if (!Files.isReadable(about)) {
            throw new IOException(
                    "LISTEN_FDS: descriptor " + descriptor + " is not open (expected: a listening socket)");
        }
        for (String line : Files.readAllLines(about)) {
            if (line.startsWith("flags:")
                    && (Integer.parseInt(line.substring("flags:".length()).strip(), 8) & NON_BLOCKING) == 0) {
                throw new IOException(
                        "the socket " + (name.isEmpty() ? "" : name + " ") + "that was handed over as descriptor "
                                + descriptor + " blocks (expected: NonBlocking=yes in the service's unit)");
            }
        }
    }

    /** The next one for {@code server.listen}, or null when there is none left. */
    public @Nullable Integer nextForClients() {
        return clients.poll();
    }

    /** The one for {@code server.admin_listen}, or null. */
    public @Nullable Integer forAdmin() {
        Integer taken = admin;
        admin = null;
        return taken;
    }

    /** The one for {@code server.tls.redirect_from}, or null. */
    public @Nullable Integer forRedirect() {
        Integer taken = redirect;
        redirect = null;
        return taken;
    }

    /**
     * Connections to a socket that nobody accepts from would wait for ever.
     *
     * @throws IOException if one is left over, naming the setting that is missing
     */
    public void requireAllTaken() throws IOException {
        if (!clients.isEmpty()) {
            throw new IOException(
                    clients.size()
                            + " more sockets were handed over than server.listen has addresses (expected: one address for each)");
        }
        if (admin != null || redirect != null) {
            throw new IOException("a socket named " + (admin != null ? "admin" : "redirect")
                    + " was handed over, but the configuration has no "
                    + (admin != null ? "server.admin_listen" : "server.tls.redirect_from"));
        }
    }
}
