package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.server.systemd.NotifySocket;
import dev.weir.testing.RawClient;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir serve} under a service manager. */
class SystemdProcessTest {
    @TempDir
    private Path directory;

    @BeforeEach
    void onLinuxOnly() {
        assumeTrue(Epoll.isAvailable(), "datagrams on unix sockets need epoll");
    }

    @Test
    void theManagerIsToldWhenItServesReloadsLivesAndEnds() throws Exception {
        Path file = Files.writeString(directory.resolve("weir.yaml"), "server: {listen: \"127.0.0.1:0\"}\n");
        try (NotifySocket socket = NotifySocket.in(directory);
                WeirProcess weir = WeirProcess.start(
                        Map.of("NOTIFY_SOCKET", socket.name(), "WATCHDOG_USEC", "1000000"),
                        "serve",
                        "--config",
                        file.toString())) {
            assertThat(socket.await(message -> message.startsWith("READY=1"))).contains("STATUS=0 of 0 backends up");
            socket.await("WATCHDOG=1"::equals);
            weir.signal("HUP");
            assertThat(socket.await(message -> message.startsWith("RELOADING=1")))
                    .contains("MONOTONIC_USEC=");
            socket.await(message -> message.startsWith("READY=1"));
            weir.signal("TERM");
            socket.await(message -> message.startsWith("STOPPING=1"));
            assertThat(weir.awaitExit()).isZero();
        }
    }

    /** The configuration is a pipe, so that the start waits until the signal was sent. */
    @Test
    void aHupWhileItStartsIsRemembered() throws Exception {
        Path pipe = pipe("weir.yaml");
        Path next = Files.writeString(directory.resolve("next.yaml"), configuration("heartbeat: 9s"));
        try (WeirProcess weir = WeirProcess.start(Map.of(), "serve", "--config", pipe.toString())) {
            try (var first = Files.newBufferedWriter(pipe)) {
                weir.signal("HUP");
                first.write(configuration(""));
                Files.move(next, pipe, StandardCopyOption.REPLACE_EXISTING);
            }
            weir.awaitLine(Pattern.compile("configuration reloaded.*changed heartbeat"));
            assertThat(RawClient.get(weir.awaitPort(), "/healthz").status()).isEqualTo(200);
        }
    }

    @Test
    void aTermWhileItStartsEndsIt() throws Exception {
        Path pipe = pipe("weir.yaml");
        try (WeirProcess weir = WeirProcess.start(Map.of(), "serve", "--config", pipe.toString());
                var begun = Files.newByteChannel(pipe, StandardOpenOption.WRITE)) {
            assertThat(begun.isOpen()).isTrue();
            weir.signal("TERM");

            assertThat(weir.awaitExit()).isEqualTo(143);
        }
    }

    private static String configuration(String more) {
        return "server: {listen: \"127.0.0.1:0\"}\nlogging: {format: text}\n" + more + "\n";
    }

    private Path pipe(String name) throws IOException, InterruptedException {
        Path pipe = directory.resolve(name);
        Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
        assertThat(mkfifo.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return pipe;
    }

    @Test
    void twoProcessesShareAPortIfBothSaySo() throws IOException {
        Path first =
                Files.writeString(directory.resolve("a.yaml"), "server: {listen: \"127.0.0.1:0\", reuse_port: true}\n");
        try (WeirProcess a = WeirProcess.start(Map.of(), "serve", "--config", first.toString())) {
            int port = a.awaitPort();
            Path second = Files.writeString(
                    directory.resolve("b.yaml"), "server: {listen: \"127.0.0.1:" + port + "\", reuse_port: true}\n");
            try (WeirProcess b = WeirProcess.start(Map.of(), "serve", "--config", second.toString())) {
                assertThat(b.awaitPort()).isEqualTo(port);
                a.signal("TERM");
                assertThat(a.awaitExit()).isZero();
                assertThat(RawClient.get(port, "/healthz").status()).isEqualTo(200);
            }
        }
    }
}
