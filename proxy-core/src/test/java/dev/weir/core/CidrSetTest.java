package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks and the addresses in them. */
final class CidrSetTest {
    private static InetAddress address(String text) {
        return Objects.requireNonNull(NetUtil.createInetAddressFromIpAddressString(text));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.1.2, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "192.168.4.0/22, 192.168.7.255, true",
        "192.168.4.0/22, 192.168.8.0, false",
        "1.2.3.4, 1.2.3.4, true",
        "1.2.3.4, 1.2.3.5, false",
        "0.0.0.0/0, 200.1.1.1, true",
        "0.0.0.0/0, ::1, false",
        "2001:db8::/33, 2001:db8:7fff::1, true",
        "2001:db8::/33, 2001:db8:8000::1, false",
        "::1, ::1, true",
        "::/0, 1.2.3.4, false",
    })
    void addressIsInTheNetworkOrNot(String network, String address, boolean inside) {
        assertThat(CidrSet.of(List.of(network)).contains(address(address))).isEqualTo(inside);
        assertThat(CidrSet.EMPTY.contains(address(address))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "x", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "::1/129", "host/8", "1.2.3.4/8/8"})
    void whatIsNoNetworkIsRefused(String network) {
        assertThatThrownBy(() -> CidrSet.of(List.of("10.0.0.0/8", network)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("network: " + network);
    }
}
