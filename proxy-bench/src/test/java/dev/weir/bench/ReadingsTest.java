package dev.weir.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is read from the kernel, from wrk, from Weir's metrics and from events. */
final class ReadingsTest {
    private static final Peer DIRECT = Peers.direct(1);

    @Test
    void processorTimeIsReadBehindANameOfBlanksAndParentheses() {
        assertThat(ProcFiles.cpuTicks("7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 130 21 0 0 20 0 9 0 1 1 1"))
                .isEqualTo(151);
    }

    @Test
    void aCoreIsBusyWhenItNeitherIdlesNorWaits() {
        CoreTime before = CoreTime.of(1, "cpu  9 9 9 9 9 9 9 9 9 9\ncpu1 100 0 100 700 100 0 0 0 0 0\n");
        CoreTime after = CoreTime.of(1, "cpu  9 9 9 9 9 9 9 9 9 9\ncpu1 120 5 130 710 110 5 10 10 20 5\n");
        assertThat(after.busyPercentSince(before)).isEqualTo(80);
    }

    @Test
    void residentMemoryIsReadInKibibytes() {
        assertThat(ProcFiles.rssBytes("Name:\tjava\nVmHWM:\t  9 kB\nVmRSS:\t  2048 kB\n"))
                .isEqualTo(2L << 20);
    }

    @Test
    void requestsAndSecondsAreThoseThatWrkCounted() throws VoidCellException {
        assertThat(ClosedLoop.answered("  130560 requests in 2.01s, 50.93MB read\n", DIRECT))
                .isEqualTo(new ClosedLoop.Answered(130_560, 2.01));
    }

    @Test
    void oneRequestThatFailedMakesTheCellVoid() {
        assertThatThrownBy(() -> ClosedLoop.answered(
                        "  130560 requests in 2.01s, 50.93MB read\n  Non-2xx or 3xx responses: 1\n", DIRECT))
                .isInstanceOf(VoidCellException.class)
                .hasMessageContaining("Non-2xx");
    }

    @Test
    void timeAndHeapOfEachIterationAreThoseThatJmhFound() throws JsonProcessingException {
        assertThat(JmhResult.all("""
                        [{"benchmark": "dev.weir.A.b", "params": {"bytes": "16384"},
                          "primaryMetric": {"score": 2.5, "rawData": [[2.0, 3.0]]},
                          "secondaryMetrics": {"gc.alloc.rate": {"rawData": [[9.0, 9.0]]},
                            "gc.alloc.rate.norm": {"rawData": [[48.001, 0.0003]]}}}]
                        """))
                .containsExactly(
                        new JmhResult("dev.weir.A.b", List.of(16_384L), List.of(2.0, 3.0), List.of(48.0, 0.0)));
    }

    @Test
    void theValuesOfAllLabelsAreAddedUp() {
        Metrics metrics = new Metrics("# TYPE a counter\na_total{r=\"x\"} 2.0\na_total{r=\"y\"} 3.0\na_totals 7.0\n");
        assertThat(metrics.sum("a_total")).isEqualTo(5);
    }

    @Test
    void anEventTellsItsNumberAndItsTime() {
        ByteBuf event = Unpooled.buffer();
        Events.write(event, 4_711, 123_456_789_012L);
        byte[] line = event.toString(US_ASCII).strip().getBytes(US_ASCII);
        assertThat(Events.kind(line, line.length)).isEqualTo(Events.Kind.NUMBERED);
        assertThat(Events.number(line, line.length)).isEqualTo(4_711);
        assertThat(Events.nanos(line, line.length)).isEqualTo(123_456_789_012L);
    }

    @Test
    void theEndOfAStreamHoldsTheUsageIfItWasAskedFor() {
        assertThat(new String(Events.end(true), US_ASCII).lines().map(ReadingsTest::kind))
                .contains(Events.Kind.USAGE, Events.Kind.DONE)
                .doesNotContain(Events.Kind.NUMBERED);
        assertThat(new String(Events.end(false), US_ASCII).lines().map(ReadingsTest::kind))
                .doesNotContain(Events.Kind.USAGE);
    }

    private static Events.Kind kind(String line) {
        return Events.kind(line.getBytes(US_ASCII), line.length());
    }
}
