package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Field lines: found without regard to case, kept in order, counted, replaced, removed. */
final class HeadersTest {
    private final Headers headers =
            new Headers().add("Accept", "a").add("X", "1").add("accept", "b").add("Y", "2");

    @Test
    void namesCompareWithoutCaseAndLinesKeepTheirOrderAndSpelling() {
        assertThat(headers.get("ACCEPT")).isEqualTo("a");
        assertThat(headers.all("accept")).containsExactly("a", "b");
        assertThat(headers.count("Accept")).isEqualTo(2);
        assertThat(headers.contains("z")).isFalse();
        assertThat(headers.name(2)).isEqualTo("accept");
        assertThat(headers.value(3)).isEqualTo("2");
        assertThat(headers).hasToString("Headers[Accept, X, accept, Y]");
    }

    @Test
    void setReplacesEveryLineByOneInThePlaceOfTheFirst() {
        headers.set("accept", "c").set("Z", "3");
        assertThat(headers).hasToString("Headers[Accept, X, Y, Z]");
        assertThat(headers.get("Accept")).isEqualTo("c");
    }

    @Test
    void removeRemovesEveryLine() {
        headers.remove("ACCEPT").remove("none");
        assertThat(headers).hasToString("Headers[X, Y]");
    }

    @Test
    void copyIsIndependent() {
        Headers copy = headers.copy();
        for (int i = 0; i < 100; i++) {
            copy.add("More", "m");
        }
        assertThat(headers.size()).isEqualTo(4);
        assertThat(copy.size()).isEqualTo(104);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"close|true", "' Close '|true", "'a, close'|true", "'close;x'|false", "closed|false", "',,'|false"
            })
    void tokensOfListsAreFound(String list, boolean found) {
        assertThat(new Headers().add("Connection", list).containsToken("connection", "close"))
                .isEqualTo(found);
    }

    @Test
    void nominatedFieldsAreRemovedButNeverWhatTheMessageMeans() {
        Headers request = new Headers()
                .add("Host", "a")
                .add("Connection", "X-Mine, host, Authorization, close")
                .add("X-Mine", "1")
                .add("Authorization", "Bearer x")
                .add("TE", "trailers")
                .add("Trailer", "x")
                .add("Proxy-Authorization", "x")
                .add("HTTP2-Settings", "x")
                .add("X-Kept", "1");
        HopByHop.remove(request);
        assertThat(request).hasToString("Headers[Host, Authorization, X-Kept]");
    }
}
