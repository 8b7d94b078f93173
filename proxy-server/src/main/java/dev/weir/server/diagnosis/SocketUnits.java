package dev.weir.server.diagnosis;

import dev.weir.server.config.ListenAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Looks whether the units that hold the gateway's port, if they are enabled, listen where {@code server.listen} says: the
 * gateway takes the sockets it is given, whatever their addresses are. Reads units as systemd.unit(5) has it, with what is
 * dropped in beside them. Blocks the caller's thread.
 */
public final class SocketUnits {
    private static final List<String> NAMES = List.of("weir.socket", "weir-port.socket");

    /** The first one that has a file is taken. */
    private static final List<Path> DIRECTORIES = Stream.of("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
            .map(root -> Path.of(root, "systemd", "system"))
            .toList();

    private SocketUnits() {}

    /** Nothing when none is enabled. */
    public static List<Finding> check(List<ListenAddress> listen) {
        return check(DIRECTORIES, listen);
    }

    static List<Finding> check(List<Path> directories, List<ListenAddress> listen) {
        List<Finding> findings = new ArrayList<>();
        for (String name : NAMES) {
            Path unit = find(directories, name);
            if (unit != null && isEnabled(directories, name)) {
                findings.add(compared(directories, unit, listen));
            }
        }
        return findings;
    }

    private static @Nullable Path find(List<Path> directories, String name) {
        return directories.stream()
                .map(directory -> directory.resolve(name))
                .filter(Files::exists)
                .findFirst()
                // A unit that is masked is a link to /dev/null.
                .filter(Files::isRegularFile)
                .orElse(null);
    }

    private static boolean isEnabled(List<Path> directories, String name) {
        return directories.stream()
                .map(directory -> directory.resolve("sockets.target.wants").resolve(name))
                .anyMatch(link -> Files.exists(link, LinkOption.NOFOLLOW_LINKS));
    }

    private static Finding compared(List<Path> directories, Path unit, List<ListenAddress> listen) {
        String name = unit.getFileName().toString();
        List<String> sockets = new ArrayList<>();
        try {
            read(unit, sockets);
            for (Path dropped : dropIns(directories, name)) {
                read(dropped, sockets);
            }
        } catch (IOException e) {
            return Finding.warning("socket", name + " cannot be read: " + e, "let the service's user read it");
        }
        // Addresses beyond those of the sockets the gateway listens on by itself.
        boolean alike = sockets.size() <= listen.size();
        for (int i = 0; alike && i < sockets.size(); i++) {
            alike = isAt(sockets.get(i), listen.get(i));
        }
        if (alike) {
            return Finding.ok("socket", name + " listens where server.listen says");
        }
        return Finding.warning(
                "socket",
                name + " listens on " + String.join(", ", sockets) + ", but server.listen says "
                        + String.join(", ", listen.stream().map(String::valueOf).toList()),
                "systemctl edit " + name
                        + " (first an empty ListenStream=, then the addresses of server.listen in order)"
                        + ", or correct server.listen");
    }

    /** In the order of their names; of those with one name, that of the first directory. */
    private static Iterable<Path> dropIns(List<Path> directories, String name) throws IOException {
        Map<String, Path> found = new TreeMap<>();
        for (Path directory : directories) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.resolve(name + ".d"), "*.conf")) {
                for (Path file : files) {
                    found.putIfAbsent(file.getFileName().toString(), file);
                }
            } catch (NoSuchFileException | NotDirectoryException none) {
                // Most units have nothing dropped in.
            }
        }
        return found.values();
    }

    /** Adds to {@code sockets} what a file says; an empty assignment takes back what was said before. */
    private static void read(Path file, List<String> sockets) throws IOException {
        for (String line : Files.readAllLines(file)) {
            String[] assignment = line.split("=", 2);
            if (assignment.length < 2 || !assignment[0].strip().equals("ListenStream")) {
                continue;
            }
            String address = assignment[1].strip();
            if (address.isEmpty()) {
                sockets.clear();
            } else {
                sockets.add(address);
            }
        }
    }

    private static boolean isAt(String socket, ListenAddress address) {
        // A port alone is that of every address.
        boolean portAlone = socket.matches("\\d+");
        ListenAddress at;
        try {
            at = ListenAddress.parse(portAlone ? "[::]:" + socket : socket);
        } catch (IllegalArgumentException noAddress) {
            return false;
        }
        if (at.port() != address.port()) {
            return false;
        }
        InetAddress theirs = new InetSocketAddress(at.host(), at.port()).getAddress();
        InetAddress ours = new InetSocketAddress(address.host(), address.port()).getAddress();
        if (theirs == null || ours == null) {
            return at.host().equals(address.host());
        }
        return theirs.equals(ours) || (theirs.isAnyLocalAddress() && ours.isAnyLocalAddress());
    }
}
