package dev.weir.server.config;

import static dev.weir.server.config.Configs.problems;
import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubstitutionTest {
    private static @Nullable Object value(String scalar, Map<String, String> env) {
        return valid("middleware: {any: {value: " + scalar + "}}", env)
                .settings("any")
                .toMap()
                .get("value");
    }

    private static List<String> refuse(String scalar) {
        return problems("middleware: {any: {value: " + scalar + "}}");
    }

    @Test
    void variablesAndTheirDefaultsAreReplacedAnywhereInAScalar() {
        assertThat(value("'${A}'", Map.of("A", "1"))).isEqualTo("1");
        assertThat(value("'<${A}-${B:-two}>'", Map.of("A", "1"))).isEqualTo("<1-two>");
        assertThat(value("'${A:-http://h:1/x?y=$z}'", Map.of())).isEqualTo("http://h:1/x?y=$z");
    }

    @Test
    void aDefaultStandsForAnEmptyVariableAsWell() {
        assertThat(value("'${A:-x}'", Map.of("A", ""))).isEqualTo("x");
        assertThat(value("'${A}'", Map.of("A", ""))).isEqualTo("");
    }

    @Test
    void whatAVariableBringsIsTakenAsItIs() {
        assertThat(value("'${A}'", Map.of("A", "${B} $1 \\ : [x]"))).isEqualTo("${B} $1 \\ : [x]");
    }

    @Test
    void onlyAnUnquotedScalarBecomesANumber() {
        assertThat(valid("middleware:\n  any:\n    value: ${A}\n", Map.of("A", "42"))
                        .settings("any")
                        .toMap())
                .containsEntry("value", 42);
        assertThat(value("'${A}'", Map.of("A", "42"))).isEqualTo("42");
    }

    @Test
    void anUnquotedScalarThatTurnsOutEmptyIsEmptyText() {
        assertThat(valid("middleware:\n  any:\n    value: ${A:-}\n")
                        .settings("any")
                        .toMap())
                .containsEntry("value", "");
    }

    @Test
    void theContentOfAFileIsTakenWithoutItsLastNewline(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("key"), "one\ntwo\n\n");
        assertThat(value("'<${file:" + file + "}>'", Map.of())).isEqualTo("<one\ntwo\n>");
    }

    @Test
    void aRelativeFileStandsUnderTheStateDirectory(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("key"), "secret");
        assertThat(value("'${file:key}'", Map.of("STATE_DIRECTORY", directory.toString())))
                .isEqualTo("secret");
    }

    @Test
    void aFileThatCannotBeReadIsAProblem(@TempDir Path directory) throws IOException {
        Files.write(directory.resolve("binary"), new byte[] {(byte) 0xC3, 0x28});
        Files.writeString(directory.resolve("large"), "x".repeat(65537), StandardCharsets.UTF_8);
        String path = "1:27: middleware.any.value: ";
        assertThat(refuse("'${file:" + directory + "/none}'"))
                .containsExactly(path + "cannot read file " + directory + "/none (NoSuchFileException)");
        assertThat(refuse("'${file:" + directory + "}'"))
                .containsExactly(path + "file " + directory + " is not a plain file of at most 64KiB");
        assertThat(refuse("'${file:" + directory + "/large}'"))
                .containsExactly(path + "file " + directory + "/large is not a plain file of at most 64KiB");
        assertThat(refuse("'${file:" + directory + "/binary}'"))
                .containsExactly(path + "file " + directory + "/binary is not UTF-8 text");
    }

    @Test
    void everyUnsetVariableIsAProblem() {
        assertThat(refuse("'${A} ${B:-b} ${C}'"))
                .containsExactly(
                        "1:27: middleware.any.value: variable A is not set and has no default",
                        "1:27: middleware.any.value: variable C is not set and has no default");
    }

    @Test
    void malformedReferencesAreProblems() {
        String expected = "malformed reference (expected: ${NAME}, ${NAME:-default} or ${file:/path})";
        assertThat(refuse("'${}'")).containsExactly("1:27: middleware.any.value: " + expected);
        assertThat(refuse("'${a-b}'")).containsExactly("1:27: middleware.any.value: " + expected);
        assertThat(refuse("'${A:-${B}}'")).containsExactly("1:27: middleware.any.value: " + expected);
        assertThat(refuse("'${A'")).containsExactly("1:27: middleware.any.value: \"${\" without \"}\"");
    }

    @Test
    void aBrokenReferenceCausesNoFurtherProblem() {
        assertThat(problems("server: {max_connections: '${N}'}"))
                .containsExactly("1:27: server.max_connections: variable N is not set and has no default");
    }
}
