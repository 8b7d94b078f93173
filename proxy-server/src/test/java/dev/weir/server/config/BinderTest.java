package dev.weir.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.core.ByteSize;
import dev.weir.core.Default;
import dev.weir.server.config.YamlNode.Mapping;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BinderTest {
    private final Problems problems = new Problems();

    private <T extends Record> @Nullable T tryBind(Class<T> type, String yaml, Map<String, String> env) {
        Environment environment = new Environment(env);
        Mapping mapping = (Mapping) YamlReader.readFile(yaml, "f", environment, problems);
        return new Binder(environment, problems).bind(type, mapping);
    }

    private <T extends Record> T bind(Class<T> type, String yaml, Map<String, String> env) {
        T bound = tryBind(type, yaml, env);
        assertThat(problems.list()).isEmpty();
        return Objects.requireNonNull(bound);
    }

    private <T extends Record> T bind(Class<T> type, String yaml) {
        return bind(type, yaml, Map.of());
    }

    private List<String> refuse(Class<? extends Record> type, String yaml, Map<String, String> env) {
        assertThat(tryBind(type, yaml, env)).isNull();
        return problems.list().stream().map(Problem::toString).toList();
    }

    private List<String> refuse(Class<? extends Record> type, String yaml) {
        return refuse(type, yaml, Map.of());
    }

    enum Colour {
        RED,
        DARK_BLUE
    }

    record Everything(
            String text,
            boolean truth,
            int small,
            long large,
            double broken,
            Duration time,
            ByteSize size,
            Colour colour,
            Path path,
            List<String> names,
            List<Point> points,
            Map<String, Integer> counts,
            Map<String, Object> anything) {}

    record Point(@Default("1") int x, @Default("2") int y) {}

    @Test
    void everyTypeIsBound() {
        Everything bound = bind(Everything.class, """
                text: some text
                truth: true
                small: 7
                large: 7000000000
                broken: 0.5
                time: 5m
                size: 32KiB
                colour: dark_blue
                path: /var/lib/weir
                names: [a, b]
                points: [{x: 5}, {y: 6}]
                counts: {b: 2, a: 1}
                anything: {n: 1, f: 1.5, t: "1", y: true, none: ~, list: [1, {k: v}]}
                """);
        assertThat(bound)
                .isEqualTo(new Everything(
                        "some text",
                        true,
                        7,
                        7_000_000_000L,
                        0.5,
                        Duration.ofMinutes(5),
                        new ByteSize(32768),
                        Colour.DARK_BLUE,
                        Path.of("/var/lib/weir"),
                        List.of("a", "b"),
                        List.of(new Point(5, 2), new Point(1, 6)),
                        Map.of("a", 1, "b", 2),
                        bound.anything()));
        assertThat(bound.counts().keySet()).containsExactly("b", "a");
        assertThat(bound.anything())
                .containsEntry("n", 1)
                .containsEntry("f", 1.5)
                .containsEntry("t", "1")
                .containsEntry("y", true)
                .containsEntry("none", null)
                .containsEntry("list", List.of(1, Map.of("k", "v")));
    }

    @Test
    void whatIsBoundCannotBeChanged() {
        Everything bound = bind(Everything.class, """
                {text: a, truth: no, small: 1, large: 1, broken: 1, time: 1, size: 1, colour: RED, path: p,
                 names: [a], points: [], counts: {a: 1}, anything: {list: [1]}}
                """);
        assertThatThrownBy(() -> bound.names().add("b")).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> bound.counts().put("b", 1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> bound.anything().put("b", 1)).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void everyValueOfAWrongTypeIsReportedAtItsPlace() {
        assertThat(refuse(Everything.class, """
                text: [a]
                truth: perhaps
                small: 7000000000
                large: 1.5
                broken: .inf
                time: soon
                size: big
                colour: green
                path: {}
                names: {a: b}
                points: [{x: one}, 5]
                counts: [1]
                anything: text
                """))
                .containsExactly(
                        "f:1:7: text: expected a single value, found a list",
                        "f:2:8: truth: expected true or false, found \"perhaps\"",
                        "f:3:8: small: expected a whole number, found \"7000000000\"",
                        "f:4:8: large: expected a whole number, found \"1.5\"",
                        "f:5:9: broken: expected a number, found \".inf\"",
                        "f:6:7: time: expected a duration such as 250ms, 30s, 5m, 1h, 90d or a number of seconds, found \"soon\"",
                        "f:7:7: size: expected a size such as 4096, 32KiB, 100MB or 1GiB, found \"big\"",
                        "f:8:9: colour: expected one of red, dark_blue, found \"green\"",
                        "f:9:7: path: expected a single value, found a map",
                        "f:10:8: names: expected a list, found a map",
                        "f:11:14: points[0].x: expected a whole number, found \"one\"",
                        "f:11:20: points[1]: expected a map, found \"5\"",
                        "f:12:9: counts: expected a map, found a list",
                        "f:13:11: anything: expected a map, found \"text\"");
    }

    record Names(
            @Default("0") int maxBodyBytes,
            @Nullable Integer default_,
            @Default("{}") Point innerPoint) {}

    @Test
    void aKeyIsTheNameOfItsComponentInSnakeCase() {
        assertThat(bind(Names.class, "{max_body_bytes: 5, default: 6, inner_point: {x: 7}}"))
                .isEqualTo(new Names(5, 6, new Point(7, 2)));
    }

    record Optional(
            String required,
            @Nullable String absent,
            @Default("10s") Duration time,
            @Default("[a, b]") List<String> list,
            @Default("${COLOUR:-red}") Colour colour,
            @Default("weir:keys:") String prefix) {}

    @Test
    void aMissingKeyTakesItsDefaultOrNull() {
        Optional expected =
                new Optional("r", null, Duration.ofSeconds(10), List.of("a", "b"), Colour.RED, "weir:keys:");
        assertThat(bind(Optional.class, "required: r")).isEqualTo(expected);
    }

    @Test
    void aKeyWithoutValueCountsAsMissing() {
        assertThat(bind(Optional.class, "{required: r, absent: , time: ~, list: null}"))
                .isEqualTo(bind(Optional.class, "required: r"));
    }

    @Test
    void anEmptyTextCountsAsMissingWhereNullIsAllowed() {
        assertThat(bind(Optional.class, "{required: '', absent: '${X:-}'}").absent())
                .isNull();
    }

    @Test
    void aDefaultIsSubstitutedToo() {
        assertThat(bind(Optional.class, "required: r", Map.of("COLOUR", "dark_blue"))
                        .colour())
                .isEqualTo(Colour.DARK_BLUE);
        assertThat(refuse(Optional.class, "{required: r}", Map.of("COLOUR", "infra")))
                .containsExactly("f:1:1: colour: expected one of red, dark_blue, found ***");
    }

    @Test
    void aMissingRequiredKeyIsReportedAtItsBlock() {
        assertThat(refuse(Everything.class, "text: a"))
                .hasSize(12)
                .contains("f:1:1: truth: missing key", "f:1:1: anything: missing key");
    }

    record Outer(
            @Default("{x: 8}") Point point,
            @Default("{a: {x: 3}}") Map<String, Point> points) {}

    @Test
    void aDefaultMapLiesUnderTheWrittenOne() {
        assertThat(bind(Outer.class, "{point: {y: 9}, points: {b: {}, a: {y: 4}}}"))
                .isEqualTo(new Outer(new Point(8, 9), Map.of("a", new Point(3, 4), "b", new Point(1, 2))));
        assertThat(bind(Outer.class, "{point: {x: ~}, points: ~}"))
                .isEqualTo(new Outer(new Point(8, 2), Map.of("a", new Point(3, 2))));
    }

    record Lists(
            @Default("[]") List<Integer> numbers,
            @Default("[]") List<Point> points) {}

    @Test
    void oneScalarMayStandForAListOfScalars() {
        assertThat(bind(Lists.class, "numbers: 4").numbers()).containsExactly(4);
        assertThat(bind(Lists.class, "numbers: '${N:-}'").numbers()).isEmpty();
    }

    @Test
    void oneRecordMayNotStandForAListOfRecords() {
        assertThat(refuse(Lists.class, "points: {x: 1}"))
                .containsExactly("f:1:9: points: expected a list, found a map");
    }

    @Test
    void everyWrongItemOfAListIsReported() {
        assertThat(refuse(Lists.class, "numbers: [1, a, ~, 2, []]"))
                .containsExactly(
                        "f:1:14: numbers[1]: expected a whole number, found \"a\"",
                        "f:1:17: numbers[2]: expected a single value, found nothing",
                        "f:1:23: numbers[4]: expected a single value, found a list");
    }

    @Test
    void anUnknownKeyIsReportedWithTheNearestKnownOne() {
        assertThat(refuse(Names.class, "{inner_point: {z: 1}, max_bodybytes: 5, zebra: 1}"))
                .containsExactly(
                        "f:1:16: inner_point.z: unknown key (expected one of x, y; did you mean \"x\"?)",
                        "f:1:23: max_bodybytes: unknown key"
                                + " (expected one of max_body_bytes, default, inner_point; did you mean \"max_body_bytes\"?)",
                        "f:1:41: zebra: unknown key (expected one of max_body_bytes, default, inner_point)");
    }

    record Range(
            @Default("1") int low,
            @Default("9") int highEnd,
            @Nullable String label) {
        Range {
            if (low < 0) {
                throw new IllegalArgumentException("low: " + low + " (expected: >= 0)");
            }
            if (highEnd > 9) {
                throw new IllegalArgumentException("high_end: " + highEnd + " (expected: <= 9)");
            }
            if (low > highEnd) {
                throw new IllegalArgumentException("a range ends after it begins");
            }
            if (label != null && label.startsWith("x")) {
                throw new IllegalArgumentException("label: " + label + " begins with x");
            }
        }
    }

    @Test
    void aRefusalThatNamesAKeyStandsAtThatKey() {
        assertThat(refuse(Range.class, "{low: 2, high_end: 10}"))
                .containsExactly("f:1:20: high_end: 10 (expected: <= 9)");
    }

    @Test
    void aRefusalThatNamesNoKeyStandsAtTheBlock() {
        assertThat(refuse(Range.class, "  {low: 5, high_end: 4}"))
                .containsExactly("f:1:3: a range ends after it begins");
    }

    @Test
    void aConstructorIsAskedAgainForWhatElseItRefuses() {
        assertThat(refuse(Range.class, "{low: -1, high_end: 10, label: xyz}"))
                .containsExactly(
                        "f:1:7: low: -1 (expected: >= 0)",
                        "f:1:21: high_end: 10 (expected: <= 9)",
                        "f:1:32: label: xyz begins with x");
    }

    @Test
    void refusalsAreFoundBesideValuesThatCannotBeRead() {
        assertThat(refuse(Range.class, "{low: one, high_end: 10}"))
                .containsExactly(
                        "f:1:7: low: expected a whole number, found \"one\"", "f:1:22: high_end: 10 (expected: <= 9)");
    }

    record Parallel(
            @Nullable Integer parallel, @Default("1") int weight) {
        Parallel {
            if (weight < 1) {
                throw new IllegalArgumentException("weight: " + weight);
            }
        }
    }

    @Test
    void nullStandsInForAWrongOptionalValue() {
        assertThat(refuse(Parallel.class, "{parallel: many, weight: 0}"))
                .containsExactly("f:1:12: parallel: expected a whole number, found \"many\"", "f:1:26: weight: 0");
    }

    @Test
    void aDefaultInPlaceOfAWrongValueIsNotItselfReported() {
        assertThat(refuse(Range.class, "{low: one, high_end: 0}"))
                .containsExactly("f:1:7: low: expected a whole number, found \"one\"");
    }

    @Test
    void valuesFromTheEnvironmentAreNotQuoted() {
        assertThat(refuse(Range.class, "{low: '${N}', label: '${L}'}", Map.of("N", "hunter2", "L", "x-hunter3")))
                .containsExactly("f:1:7: low: expected a whole number, found ***", "f:1:22: label: *** begins with x");
    }

    record Credentials(
            @Default("0") int apiKey, @Default("{}") Map<String, Integer> headers) {}

    @Test
    void valuesOfSecretKeysAreNotQuoted() {
        assertThat(refuse(Credentials.class, "{api_key: sk-live, headers: {x-any: secret}}"))
                .containsExactly(
                        "f:1:11: api_key: expected a whole number, found ***",
                        "f:1:37: headers.x-any: expected a whole number, found ***");
    }

    @Test
    void relativePathsStandUnderTheStateDirectory() {
        record Paths(Path a, Path b) {}
        assertThat(bind(Paths.class, "{a: data/x, b: /data/x}", Map.of("STATE_DIRECTORY", "/var/lib/weir:/other")))
                .isEqualTo(new Paths(Path.of("/var/lib/weir/data/x"), Path.of("/data/x")));
        assertThat(bind(Paths.class, "{a: data/x, b: /data/x}").a()).isEqualTo(Path.of("data/x"));
    }

    @Test
    void aListOfAnythingTakesNothingToo() {
        record Anything(List<Object> list) {}
        assertThat(bind(Anything.class, "list: [~, 1, {a: b}]").list()).containsExactly(null, 1, Map.of("a", "b"));
    }

    @Test
    void aTypeThatCannotBeWrittenIsABugOfItsRecord() {
        record Unwritable(Thread thread) {}
        assertThatThrownBy(() -> tryBind(Unwritable.class, "thread: main", Map.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("settings cannot have the type java.lang.Thread");
    }

    record Failing(@Default("1") int a) {
        Failing {
            if (a > 0) {
                throw new IllegalStateException("a bug");
            }
        }
    }

    @Test
    void aConstructorThatBreaksIsNoProblemOfTheFile() {
        assertThatThrownBy(() -> tryBind(Failing.class, "a: 1", Map.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Failing")
                .hasRootCauseMessage("a bug");
    }
}
