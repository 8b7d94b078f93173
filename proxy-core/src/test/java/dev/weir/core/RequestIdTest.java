package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Names of exchanges; what becomes of a client's own is in {@link ClientFactsWireTest}. */
class RequestIdTest {
    @Test
    void laterIdsAreGreater() {
        String earlier = RequestId.random();
        long now = System.currentTimeMillis();
        while (System.currentTimeMillis() == now) {
            Thread.onSpinWait();
        }
        assertThat(RequestId.random()).isGreaterThan(earlier).hasSameSizeAs(earlier);
    }

    @Test
    void idsOfOneMillisecondDiffer() {
        assertThat(Stream.generate(RequestId::random).limit(10_000)).doesNotHaveDuplicates();
    }
}
