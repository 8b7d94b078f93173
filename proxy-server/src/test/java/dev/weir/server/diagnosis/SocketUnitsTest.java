package dev.weir.server.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.server.config.ListenAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Units on disk, as the package and {@code systemctl} put them there. */
class SocketUnitsTest {
    @TempDir
    private Path root;

    private Path etc;
    private Path lib;

    @BeforeEach
    void makeDirectories() throws IOException {
        etc = Files.createDirectory(root.resolve("etc"));
        lib = Files.createDirectory(root.resolve("lib"));
    }

    private void unit(Path directory, String name, String... addresses) throws IOException {
        Files.createDirectories(directory.resolve(name).getParent());
        Files.writeString(
                directory.resolve(name),
                "# ListenStream=1.2.3.4:1 was once\n[Socket]\nListenStream=" + String.join("\nListenStream=", addresses)
                        + "\nFileDescriptorName=clients\nBacklog=4096\n");
    }

    private void enable(String name) throws IOException {
        Path wants = Files.createDirectories(etc.resolve("sockets.target.wants"));
        Files.createSymbolicLink(wants.resolve(name), lib.resolve(name));
    }

    private List<String> check(String... listen) {
        return SocketUnits.check(
                        List.of(etc, lib),
                        Stream.of(listen).map(ListenAddress::parse).toList())
                .stream()
                .map(Finding::toString)
                .toList();
    }

    @Test
    void aSocketThatIsNotUsedMayListenAnywhere() throws IOException {
        assertThat(check("127.0.0.1:4000")).isEmpty();
        unit(lib, "weir.socket", "0.0.0.0:4000");
        assertThat(check("127.0.0.1:4000")).isEmpty();
        enable("weir.socket");
        Files.createSymbolicLink(etc.resolve("weir.socket"), Path.of("/dev/null"));
        assertThat(check("127.0.0.1:4000")).as("masked").isEmpty();
    }

    @Test
    void aSocketThatListensWhereTheConfigurationSaysIsWell() throws IOException {
        unit(lib, "weir.socket", "0.0.0.0:4000", "[::1]:4001");
        enable("weir.socket");

        assertThat(check("0.0.0.0:4000", "[0:0:0:0:0:0:0:1]:4001", "127.0.0.1:9000"))
                .singleElement()
                .asString()
                .startsWith("ok ");
    }

    @Test
    void aSocketThatListensElsewhereIsMentionedWithBothAddresses() throws IOException {
        unit(lib, "weir.socket", "0.0.0.0:4000");
        enable("weir.socket");

        for (String other : List.of("127.0.0.1:4000", "0.0.0.0:4001")) {
            assertThat(check(other))
                    .singleElement()
                    .asString()
                    .startsWith("warning ")
                    .contains(
                            "weir.socket listens on 0.0.0.0:4000, but server.listen says " + other,
                            "systemctl edit weir.socket");
        }
    }

    @Test
    void theOrderCountsAndSoDoesEverySocket() throws IOException {
        unit(lib, "weir-port.socket", "127.0.0.1:4000", "127.0.0.1:4001");
        enable("weir-port.socket");

        assertThat(check("127.0.0.1:4000", "127.0.0.1:4001"))
                .singleElement()
                .asString()
                .startsWith("ok ");
        assertThat(check("127.0.0.1:4001", "127.0.0.1:4000"))
                .singleElement()
                .asString()
                .startsWith("warning ");
        assertThat(check("127.0.0.1:4000")).singleElement().asString().startsWith("warning ");
    }

    @Test
    void whatSystemctlEditSaysCounts() throws IOException {
        unit(lib, "weir.socket", "0.0.0.0:4000");
        unit(etc, "weir.socket.d/override.conf", "", "127.0.0.1:443");
        enable("weir.socket");

        assertThat(check("127.0.0.1:443")).singleElement().asString().startsWith("ok ");
        assertThat(check("0.0.0.0:4000")).singleElement().asString().contains("listens on 127.0.0.1:443, but");
    }

    @Test
    void aUnitOfTheAdministratorStandsBeforeThatOfThePackage() throws IOException {
        unit(lib, "weir.socket", "0.0.0.0:4000");
        unit(etc, "weir.socket", "0.0.0.0:4001");
        enable("weir.socket");

        assertThat(check("0.0.0.0:4001")).singleElement().asString().startsWith("ok ");
    }

    @Test
    void aPortAloneIsThatOfEveryAddress() throws IOException {
        unit(lib, "weir.socket", "4000");
        enable("weir.socket");

        assertThat(check("0.0.0.0:4000")).singleElement().asString().startsWith("ok ");
        assertThat(check("127.0.0.1:4000")).singleElement().asString().startsWith("warning ");
    }

    @Test
    void whatIsNoAddressOfTheNetworkIsMentioned() throws IOException {
        unit(lib, "weir.socket", "/run/weir.sock");
        enable("weir.socket");

        assertThat(check("0.0.0.0:4000")).singleElement().asString().contains("listens on /run/weir.sock");
    }
}
