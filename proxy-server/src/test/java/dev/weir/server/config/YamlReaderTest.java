package dev.weir.server.config;

import static dev.weir.server.config.Configs.problems;
import static dev.weir.server.config.Configs.valid;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import org.junit.jupiter.api.Test;

class YamlReaderTest {
    @Test
    void aSyntaxErrorNamesItsLineAndColumn() {
        assertThat(problems("server:\n  listen: [a\n"))
                .containsExactly("3:1: not valid YAML: expected ',' or ']', but got <stream end>");
        assertThat(problems("server:\n\tlisten: a\n"))
                .singleElement()
                .asString()
                .startsWith("2:1: not valid YAML: found character '\\t(TAB)'");
    }

    @Test
    void aControlCharacterIsNamedWithItsPlace() {
        assertThat(problems("server: {}\nauth: a\u0007b\n"))
                .containsExactly("2:8: not valid YAML: the character U+0007 is not allowed");
    }

    @Test
    void aFileHoldsOneDocument() {
        assertThat(problems("server: {}\n---\nauth: {}\n"))
                .containsExactly("2:1: not valid YAML: but found another document");
    }

    @Test
    void aFileHoldsAMap() {
        assertThat(problems("just text")).containsExactly("1:1: expected a map, found \"just text\"");
        assertThat(problems("- a")).containsExactly("1:1: expected a map, found a list");
    }

    @Test
    void duplicateKeysAreReportedAtTheSecond() {
        assertThat(problems("heartbeat: 1s\nserver:\n  event_loops: 1\n  event_loops: 2\nheartbeat: 2s\n"))
                .containsExactly(
                        "4:3: server.event_loops: duplicate key (first written in line 3)",
                        "5:1: heartbeat: duplicate key (first written in line 1)");
    }

    @Test
    void aKeyMustBeText() {
        assertThat(problems("server: {}\n? [a]\n: b\n")).containsExactly("2:3: a key must be text");
    }

    @Test
    void tagsAndUnknownAliasesAreRefusedWithoutQuotingThem() {
        String tag = "tags are not supported; a value that begins with ! must stand in quotes";
        assertThat(problems("auth: {master_key: !hunter2 x}")).containsExactly("1:20: auth.master_key: " + tag);
        assertThat(problems("a: !!javax.script.ScriptEngineManager []")).containsExactly("1:4: not valid YAML: " + tag);
        assertThat(problems("auth: {master_key: *hunter2}"))
                .containsExactly(
                        "1:20: not valid YAML: undefined alias; a value that begins with * must stand in quotes");
    }

    @Test
    void anchorsAliasesAndMergeKeysWork() {
        WeirConfig config = valid("""
                backends:
                  a: &common {url: "http://a", weight: 3}
                  b: {<<: *common, url: "http://b"}
                  c: *common
                """);
        assertThat(config.backends().get("b")).hasFieldOrPropertyWithValue("weight", 3);
        assertThat(config.backends().get("b")).hasFieldOrPropertyWithValue("url", BackendUrl.parse("http://b"));
        assertThat(config.backends().get("c")).isEqualTo(config.backends().get("a"));
    }

    @Test
    void aMergeKeyTakesMapsOnly() {
        assertThat(problems("server: {<<: text}")).containsExactly("1:14: server: \"<<\" expects a map");
    }

    @Test
    void anAliasInsideItsOwnValueIsRefused() {
        assertThat(problems("middleware: {x: &a {list: [*a]}}"))
                .containsExactly("1:17: middleware.x.list[0]: an alias stands inside the value it names");
    }

    @Test
    void aliasesThatMultiplyAreBounded() {
        StringBuilder bomb = new StringBuilder("middleware:\n  x:\n    a0: &a0 [b, b, b, b, b, b, b, b, b, b]\n");
        for (int i = 1; i < 9; i++) {
            String alias = "*a" + (i - 1);
            bomb.append("    a%d: &a%d [%s]\n".formatted(i, i, String.join(", ", Collections.nCopies(10, alias))));
        }
        assertThat(problems(bomb.toString()))
                .singleElement()
                .asString()
                .endsWith("the aliases of this file unfold to more than 100000 values");
    }

    @Test
    void nestingIsBounded() {
        assertThat(problems("middleware: " + "[".repeat(1000)))
                .singleElement()
                .asString()
                .contains("not valid YAML: Nesting Depth exceeded max 50");
    }

    @Test
    void theLengthOfTheTextIsBounded() {
        assertThat(problems("# " + "x".repeat(1 << 20))).containsExactly("1:1: longer than 1048576 characters");
    }
}
