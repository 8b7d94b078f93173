package dev.weir.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.store.RealPostgres;
import dev.weir.pipeline.store.RealRedis;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.FakeBackend;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code weir doctor}: each thing it looks at, well and not. */
class DoctorCommandTest {
    @TempDir
    private Path directory;

    private record Diagnosis(int exit, List<String> lines) {
        /** The findings about a subject, with their mends. */
        List<String> of(String subject) {
            return IntStream.range(0, lines.size())
                    .filter(i ->
                            !lines.get(i).contains("mend: ") && lines.get(i).contains(" " + subject + ": "))
                    .mapToObj(i -> lines.get(i)
                            + (i + 1 < lines.size() && lines.get(i + 1).contains("mend: ") ? lines.get(i + 1) : ""))
                    .toList();
        }

        @Override
        public String toString() {
            return String.join("\n", lines);
        }
    }

    private Diagnosis doctor(String yaml) {
        return doctor(yaml, "rw-r-----");
    }

    private Diagnosis doctor(String yaml, String permissions) {
        StringWriter text = new StringWriter();
        CommandLine command = Main.commandLine().setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
        try {
            Path file = Files.writeString(directory.resolve("weir.yaml"), yaml);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
            int exit = command.execute("doctor", "--config", file.toString());
            return new Diagnosis(exit, text.toString().lines().toList());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String sound(String backend, String more) {
        return """
                server: {listen: "127.0.0.1:0", max_connections: 100}
                auth: {master_key: "sk-doctor"}
                database: {url: "sqlite:%s/data/weir.db"}
                backends: {a: {url: "%s", kind: ollama}}
                models: {chat: {targets: [{backend: a, model: phi3}]}}
                """.formatted(directory, backend) + more;
    }

    @Test
    void whereAllIsWellItSaysWhatItLookedAt() {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3")) {
            Diagnosis diagnosis = doctor(sound(sim.url(), ""));

            assertThat(diagnosis.exit()).as(diagnosis.toString()).isZero();
            assertThat(diagnosis.of("configuration")).singleElement().asString().endsWith("is valid");
            assertThat(diagnosis.of("permissions"))
                    .singleElement()
                    .asString()
                    .startsWith("ok ")
                    .contains("rw-r-----");
            assertThat(diagnosis.of("ports")).singleElement().asString().startsWith("ok ");
            assertThat(diagnosis.of("ulimit -n")).singleElement().asString().startsWith("ok ");
            assertThat(diagnosis.of("memory")).hasSize(1);
            assertThat(diagnosis.of("database")).singleElement().asString().contains("to be made at the first start");
            assertThat(diagnosis.of("redis")).singleElement().asString().startsWith("skipped ");
            assertThat(diagnosis.of("certificate")).singleElement().asString().startsWith("skipped ");
            assertThat(diagnosis.of("plugins")).singleElement().asString().startsWith("skipped ");
            assertThat(diagnosis.of("backend a"))
                    .singleElement()
                    .asString()
                    .startsWith("ok ")
                    .contains("Ollama ", sim.url(), "1 models");
            assertThat(diagnosis.lines()).last().isEqualTo("nothing is wrong");
            assertThat(directory.resolve("data")).doesNotExist();
        }
    }

    @Test
    void aBrokenConfigurationIsToldWithItsPlace() {
        Diagnosis diagnosis = doctor("server: {listn: x}\n");

        assertThat(diagnosis.exit()).isEqualTo(1);
        assertThat(diagnosis.of("configuration"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("weir.yaml:1:10: server.listn: unknown key");
        assertThat(diagnosis.lines()).last().isEqualTo("1 to mend");
    }

    @Test
    void secretsThatEverybodyMayReadAreFound() {
        Diagnosis diagnosis = doctor(sound("http://127.0.0.1:9", ""), "rw-r--r--");

        assertThat(diagnosis.exit()).isEqualTo(1);
        assertThat(diagnosis.of("permissions"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("auth.master_key", "chmod 640 ")
                .doesNotContain("sk-doctor");
    }

    @Test
    void aFileThatHoldsNoSecretMayBeReadByEverybody() {
        Diagnosis diagnosis = doctor("auth: {master_key: \"${WEIR_MASTER_KEY:-sk-hx-dev-1234}\"}\n", "rw-r--r--");

        assertThat(diagnosis.of("permissions")).singleElement().asString().startsWith("ok ");
    }

    @Test
    void aFileThatOthersMayChangeIsFound() {
        Diagnosis diagnosis = doctor(sound("http://127.0.0.1:9", ""), "rw-rw----");

        assertThat(diagnosis.of("permissions")).singleElement().asString().contains("can be changed by others");
    }

    @Test
    void anEnvironmentFileBesideItIsLookedAtToo() throws IOException {
        Path variables = Files.writeString(directory.resolve("weir.env"), "WEIR_MASTER_KEY=sk-x\n");
        Files.setPosixFilePermissions(variables, PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(doctor("discover_models: true\n").of("permissions"))
                .anyMatch(line -> line.startsWith("FAILED ") && line.contains("weir.env"));
    }

    @Test
    void aPortThatSomebodyElseHasIsFoundAndOneOfAGatewayIsNot() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SimServer sim = TestGateway.sim(SimKind.OLLAMA, "phi3");
                TestGateway gateway = TestGateway.start("backends: {a: {url: \"" + sim.url() + "\"}}\n")) {
            Diagnosis diagnosis = doctor("server: {listen: [\"127.0.0.1:" + taken.getLocalPort() + "\", \"127.0.0.1:"
                    + gateway.port() + "\"]}\n");

            assertThat(diagnosis.of("ports"))
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("FAILED ").contains("in use by another", "ss -ltnp"),
                            line -> assertThat(line).startsWith("ok ").contains("a gateway that runs"));
        }
    }

    @Test
    void anAddressThatThisHostHasNotIsFound() {
        assertThat(doctor("server: {listen: \"192.0.2.7:4000\"}\nauth: {master_key: sk-long-enough-to-be-one}\n")
                        .of("ports"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("no such address");
    }

    @Test
    void aBackendThatIsAwayIsFound() {
        Diagnosis diagnosis = doctor(sound("http://127.0.0.1:9", ""));

        assertThat(diagnosis.exit()).isEqualTo(1);
        assertThat(diagnosis.of("backend a"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("nothing listens at http://127.0.0.1:9", "OLLAMA_HOST");
    }

    @Test
    void modelsThatABackendHasNotAreFound() {
        try (SimServer sim = TestGateway.sim(SimKind.OLLAMA, "gemma2:2b")) {
            Diagnosis diagnosis = doctor(sound(sim.url(), ""));

            assertThat(diagnosis.exit()).isEqualTo(1);
            assertThat(diagnosis.of("backend a"))
                    .satisfiesExactly(
                            line -> assertThat(line).startsWith("ok "),
                            line -> assertThat(line)
                                    .startsWith("FAILED ")
                                    .contains("has not: phi3 (of chat)", "ollama pull"));
        }
    }

    @Test
    void aBackendOfAnotherKindOrWithAnotherKeyIsFound() {
        try (FakeBackend page = FakeBackend.start()
                        .onRequest((request, peer) -> peer.respond(200, "<html>", "content-type: text/html"));
                FakeBackend locked = FakeBackend.start().onRequest((request, peer) -> peer.respond(401, "{}"))) {
            assertThat(doctor(sound(page.url(), "")).of("backend a"))
                    .singleElement()
                    .asString()
                    .contains("FAILED", "correct kind:");
            assertThat(doctor(sound(locked.url(), "")).of("backend a"))
                    .singleElement()
                    .asString()
                    .contains("FAILED", "401", "api_key");
        }
    }

    @Test
    void aBackendWhoseClockIsWrongIsMentioned() {
        try (FakeBackend backend = FakeBackend.start()
                .onRequest((request, peer) -> peer.respond(
                        200,
                        "{\"version\": \"0.5.1\", \"models\": [{\"name\": \"phi3:latest\"}]}",
                        "content-type: application/json",
                        "date: Sat, 21 Nov 2020 10:00:00 GMT"))) {
            Diagnosis diagnosis = doctor(sound(backend.url(), ""));

            assertThat(diagnosis.exit()).as(diagnosis.toString()).isZero();
            assertThat(diagnosis.of("clock"))
                    .singleElement()
                    .asString()
                    .startsWith("warning ")
                    .contains("ahead of backend a", "set-ntp");
        }
    }

    @Test
    void noBackendAtAllIsFound() {
        assertThat(doctor("discover_models: false\n").of("backends"))
                .singleElement()
                .asString()
                .startsWith("FAILED ");
    }

    @Test
    void aDatabaseThatCannotBeMadeIsFound() throws IOException {
        Path blocked = Files.writeString(directory.resolve("file"), "");

        assertThat(doctor("database: {url: \"sqlite:" + blocked + "/weir.db\"}\n")
                        .of("database"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("cannot be made");
    }

    @Test
    void aPostgresThatIsAwayAndAPasswordThatIsWrongAreFound() {
        String away = "database: {url: \"postgresql://weir:pw-secret@127.0.0.1:9/weir\"}\n";

        assertThat(doctor(away).of("database"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("start the server")
                .doesNotContain("pw-secret");
        String url = RealPostgres.shared().newDatabase();
        Diagnosis well = doctor("database: {url: \"" + url + "\"}\n");
        assertThat(well.of("database"))
                .singleElement()
                .asString()
                .startsWith("ok ")
                .contains("PostgreSQL ");
        assertThat(well.of("clock")).anyMatch(line -> line.contains("agrees with the database"));
        String absent = url.replaceFirst("/[^/?]+(\\?|$)", "/no_such_database$1");
        assertThat(doctor("database: {url: \"" + absent + "\"}\n").of("database"))
                .singleElement()
                .asString()
                .contains("FAILED", "createdb");
    }

    @Test
    void aRedisThatIsAwayIsFoundAndOneThatAnswersIsWell() {
        assertThat(doctor("redis: {url: \"redis://:pw-secret@127.0.0.1:9\"}\n").of("redis"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("redis-cli ping")
                .doesNotContain("pw-secret");
        try (RealRedis redis = RealRedis.start()) {
            assertThat(doctor("redis: {url: \"" + redis.url() + "\"}\n").of("redis"))
                    .singleElement()
                    .asString()
                    .startsWith("ok ");
        }
    }

    @Test
    void aCertificateThatCannotBeReadIsFound() throws IOException {
        Path broken = Files.writeString(directory.resolve("server.crt"), "nothing");
        Path key = Files.writeString(directory.resolve("server.key"), "nothing");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        Diagnosis diagnosis =
                doctor("server: {tls: {certificate: \"" + broken + "\", private_key: \"" + key + "\"}}\n");

        assertThat(diagnosis.of("certificate"))
                .singleElement()
                .asString()
                .startsWith("FAILED ")
                .contains("must be PEM");
        assertThat(diagnosis.of("permissions")).anyMatch(line -> line.startsWith("FAILED ") && line.contains("key"));
    }
}
