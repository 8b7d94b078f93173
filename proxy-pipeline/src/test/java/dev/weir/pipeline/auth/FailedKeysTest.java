package dev.weir.pipeline.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.pipeline.TestMeters;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FailedKeysTest {
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final FailedKeys failed = new FailedKeys(new TestMeters());
    private long nowNanos = System.nanoTime();

    private static InetAddress address(String text) {
        return NetUtil.createInetAddressFromIpAddressString(text);
    }

    private long delay(String address) {
        return failed.delayNanos(address(address), nowNanos);
    }

    private void useUpWhatIsFree(String address) {
        for (int i = 0; i < FailedKeys.FREE; i++) {
            assertThat(delay(address)).isZero();
        }
    }

    @Test
    void theFirstCostNothingAndThenEachWaitsLongerUpToABound() {
        useUpWhatIsFree("1.2.3.4");

        assertThat(delay("1.2.3.4")).isEqualTo(SECOND_NANOS);
        assertThat(delay("1.2.3.4")).isEqualTo(2 * SECOND_NANOS);
        for (int i = 0; i < 100; i++) {
            assertThat(delay("1.2.3.4")).isLessThanOrEqualTo(FailedKeys.MAX_DELAY_NANOS);
        }
    }

    @Test
    void whoWaitsForEachAnswerGetsOneASecond() {
        useUpWhatIsFree("1.2.3.4");
        long begin = nowNanos;
        for (int i = 0; i < 100; i++) {
            nowNanos += delay("1.2.3.4");
        }

        assertThat(nowNanos - begin).isGreaterThanOrEqualTo(99 * SECOND_NANOS);
    }

    @Test
    void anotherAddressIsNotHeldUp() {
        useUpWhatIsFree("1.2.3.4");

        assertThat(delay("1.2.3.4")).isPositive();
        assertThat(delay("1.2.3.5")).isZero();
    }

    @Test
    void anIpv6SubscriberIsOne() {
        useUpWhatIsFree("2001:db8:0:1::1");

        assertThat(delay("2001:db8:0:1:ffff::2")).isPositive();
        assertThat(delay("2001:db8:0:2::1")).isZero();
    }

    @Test
    void timeHeals() {
        useUpWhatIsFree("1.2.3.4");
        nowNanos += FailedKeys.FREE * SECOND_NANOS;

        useUpWhatIsFree("1.2.3.4");
    }

    @Test
    void noMoreThanSoManyAddressesAreKept() throws UnknownHostException {
        for (int i = 0; i < 3 * FailedKeys.MAX_ADDRESSES; i++) {
            failed.delayNanos(
                    InetAddress.getByAddress(new byte[] {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i}), nowNanos);
        }

        assertThat(failed.addresses()).isLessThanOrEqualTo(FailedKeys.MAX_ADDRESSES);
    }
}
