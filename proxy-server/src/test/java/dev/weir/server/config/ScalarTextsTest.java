package dev.weir.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The values that are written as one scalar. */
class ScalarTextsTest {
    @ParameterizedTest
    @CsvSource({
        "250ms, PT0.25S",
        "30s, PT30S",
        "5m, PT5M",
        "1h, PT1H",
        "90d, PT2160H",
        "30.0, PT30S",
        "0.01, PT0.01S",
        "0, PT0S",
        "1.5h, PT1H30M",
        "10 s, PT10S"
    })
    void durationsAreRead(String text, Duration expected) {
        assertThat(Durations.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "-1s", "5 minutes", "1h30m", "99999999999d", "10S"})
    void otherDurationsAreRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Durations.parse(text))
                .withMessage("expected a duration such as 250ms, 30s, 5m, 1h, 90d or a number of seconds");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0s", "10ms", "1s", "75s", "1m", "5m", "1h", "90d", "0.000001s"})
    void theTextOfADurationReadsBack(String text) {
        assertThat(Durations.format(Durations.parse(text))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:4000, 127.0.0.1, 4000, true",
        "127.8.9.1:0, 127.8.9.1, 0, true",
        "localhost:80, localhost, 80, true",
        "LOCALHOST:80, localhost, 80, true",
        "[::1]:4000, ::1, 4000, true",
        "0.0.0.0:4000, 0.0.0.0, 4000, false",
        "[::]:4000, ::, 4000, false",
        ":4000, 0.0.0.0, 4000, false",
        "*:4000, 0.0.0.0, 4000, false",
        "10.0.0.7:65535, 10.0.0.7, 65535, false",
        "gateway.example:80, gateway.example, 80, false",
        "localhost.example:80, localhost.example, 80, false"
    })
    void listenAddressesAreRead(String text, String host, int port, boolean loopback) {
        ListenAddress address = ListenAddress.parse(text);
        assertThat(address).isEqualTo(new ListenAddress(host, port));
        assertThat(address.isLoopback()).isEqualTo(loopback);
        assertThat(ListenAddress.parse(address.toString())).isEqualTo(address);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:4000, false, false",
        "127.0.0.1:4000, true, true",
        "http://127.0.0.1:4000, true, false",
        "https://[::1]:4443, false, true"
    })
    void aListenAddressMaySayWhetherItIsEncrypted(String text, boolean certificate, boolean encrypted) {
        ListenAddress address = ListenAddress.parse(text);

        assertThat(address.isEncrypted(certificate)).isEqualTo(encrypted);
        assertThat(address.toString()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "4000",
                "127.0.0.1",
                "127.0.0.1:",
                "127.0.0.1:65536",
                "::1:4000",
                "[::g]:1",
                "a b:1",
                "ftp://x:1"
            })
    void otherListenAddressesAreRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ListenAddress.parse(text))
                .withMessageStartingWith("expected an address such as 127.0.0.1:4000");
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.0.0.0/8",
        "0.0.0.0/0, 0.0.0.0/0",
        "192.168.1.7, 192.168.1.7/32",
        "fd00::/8, fd00:0:0:0:0:0:0:0/8",
        "::1, 0:0:0:0:0:0:0:1/128"
    })
    void rangesOfAddressesAreRead(String text, String expected) {
        assertThat(Cidr.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "fd00::/129", "example.org/8", "10.0.0/8", "*"})
    void otherRangesAreRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Cidr.parse(text))
                .withMessageStartingWith("expected a range of addresses such as 10.0.0.0/8");
    }

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:11434, http://127.0.0.1:11434",
        "http://127.0.0.1:8000/v1/, http://127.0.0.1:8000/v1",
        "https://Models.Example, https://models.example:443",
        "http://ollama_1, http://ollama_1:80",
        "HTTP://host/, http://host:80",
        "http://[::1]:11434, http://[::1]:11434"
    })
    void backendUrlsAreRead(String text, String expected) {
        assertThat(BackendUrl.parse(text)).hasToString(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1:11434",
                "ftp://host",
                "http://",
                "http:///v1",
                "http://host:0",
                "http://host:99999",
                "http://host?key=1",
                "http://host/#a",
                "http://a b"
            })
    void otherBackendUrlsAreRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BackendUrl.parse(text))
                .withMessage("expected a URL such as http://127.0.0.1:11434 or https://host/v1");
    }

    @Test
    void aBackendUrlHoldsNoUser() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BackendUrl.parse("http://user:secret@host"))
                .withMessageContaining("without a user")
                .withMessageNotContaining("secret");
    }

    @Test
    void aModelIsKeptForATimeOrForEver() {
        assertThat(KeepAlive.parse("10m").duration()).isEqualTo(Duration.ofMinutes(10));
        assertThat(KeepAlive.parse("-1").duration()).isNull();
        assertThat(KeepAlive.parse("-1")).hasToString("-1");
        assertThat(KeepAlive.parse("600")).hasToString("10m");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KeepAlive.parse("-2"))
                .withMessageEndingWith(", or -1 for ever");
    }
}
