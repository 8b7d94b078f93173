package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.RawClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sockets that a service manager opened and handed over. */
class SocketActivationProcessTest {
    private static final Path ACTIVATE = Path.of("/usr/bin/systemd-socket-activate");
    private static final Path PERL = Path.of("/usr/bin/perl");

    /** What {@code NonBlocking=yes} does in a unit: the tool has no option for it. */
    private static final String NON_BLOCKING =
            "$^F = 64; for my $fd (3 .. 2 + $ENV{LISTEN_FDS}) { open(my $s, '+<&=', $fd) or die $!; "
                    + "push @keep, $s; fcntl($s, F_SETFL, fcntl($s, F_GETFL, 0) | O_NONBLOCK) } exec @ARGV";

    @TempDir
    private Path directory;

    @BeforeEach
    void withTheToolOnly() {
        assumeTrue(
                Files.isExecutable(ACTIVATE) && Files.isExecutable(PERL), "systemd-socket-activate or perl is missing");
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static List<String> activate(boolean nonBlocking, String names, int... ports) {
        List<String> command = new ArrayList<>(List.of(ACTIVATE.toString(), "--fdname=" + names));
        for (int port : ports) {
            command.add("--listen=127.0.0.1:" + port);
        }
        command.add("--setenv=STATE_DIRECTORY");
        if (nonBlocking) {
            command.addAll(List.of(PERL.toString(), "-MFcntl", "-e", NON_BLOCKING));
        }
        return command;
    }

    private String[] serve(String server) throws IOException {
        Path file = Files.writeString(
                directory.resolve("weir.yaml"), "server: {" + server + "}\nauth: {master_key: sk-process}\n");
        return new String[] {"serve", "--config", file.toString()};
    }

    @Test
    void whoConnectsBeforeTheServiceRunsIsAnswered() throws IOException {
        int port = freePort();
        int adminPort = freePort();
        try (WeirProcess weir = WeirProcess.startBy(
                        activate(true, "clients:admin", port, adminPort),
                        Map.of(),
                        serve("listen: \"127.0.0.1:1\", admin_listen: \"127.0.0.1:2\""));
                RawClient early = connect(port)) {
            early.sendRequest("GET /healthz", "");
            assertThat(weir.awaitLine(Pattern.compile("listens on")))
                    .contains("127.0.0.1:" + port, "127.0.0.1:" + adminPort, "transport epoll");
            assertThat(early.readResponse().status()).isEqualTo(200);

            assertThat(RawClient.get(adminPort, "/management/config", "authorization: Bearer sk-process")
                            .status())
                    .isEqualTo(200);
            assertThat(RawClient.get(port, "/management/config", "authorization: Bearer sk-process")
                            .status())
                    .isEqualTo(404);
            weir.signal("TERM");
            assertThat(weir.awaitExit()).isZero();
        }
    }

    @Test
    void aSocketThatBlocksIsRefusedWithTheMend() throws IOException {
        assertThat(refusal(false, "weir", "listen: \"127.0.0.1:1\"")).contains("NonBlocking=yes");
    }

    @Test
    void anotherTransportThanEpollIsRefused() throws IOException {
        assertThat(refusal(true, "weir", "listen: \"127.0.0.1:1\", transport: nio"))
                .contains("needs server.transport epoll");
    }

    @Test
    void aSocketThatNoSettingIsForIsRefused() throws IOException {
        assertThat(refusal(true, "admin", "listen: \"127.0.0.1:0\"")).contains("no server.admin_listen");
    }

    private String refusal(boolean nonBlocking, String name, String server) throws IOException {
        int port = freePort();
        try (WeirProcess weir = WeirProcess.startBy(activate(nonBlocking, name, port), Map.of(), serve(server));
                RawClient trigger = connect(port)) {
            assertThat(weir.awaitExit()).as(weir.toString()).isEqualTo(1);
            trigger.closedOrReset();
            return String.join("\n", weir.errors());
        }
    }

    /** The tool says that it listens, on its standard error. */
    private static RawClient connect(int port) {
        dev.weir.testing.Await.until(WeirProcess.LIMIT, "the tool listens on " + port, () -> isListening(port));
        return RawClient.connect(port);
    }

    private static boolean isListening(int port) {
        try {
            String hex = "0100007F:%04X".formatted(port);
            return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                    .anyMatch(line -> line.contains(hex + " 00000000:0000 0A"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
