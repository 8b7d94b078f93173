package dev.weir.server.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the machine grants, judged by its figures. */
class HostChecksTest {
    private static final long GIB = 1L << 30;

    @Test
    void tooFewDescriptorsFailAndBarelyEnoughWarn() {
        assertThat(HostChecks.descriptors(1_024, 10_000).toString())
                .startsWith("FAILED ")
                .contains("LimitNOFILE=65536");
        assertThat(HostChecks.descriptors(12_000, 10_000).toString()).startsWith("warning ");
        assertThat(HostChecks.descriptors(65_536, 10_000).toString()).startsWith("ok ");
    }

    @Test
    void aHeapThatLeavesNoRoomForBuffersIsMentionedAndSoIsAFullMachine() {
        assertThat(HostChecks.memory(4 * GIB, 3 * GIB, 3 * GIB).toString())
                .startsWith("warning ")
                .contains("-Xmx");
        assertThat(HostChecks.memory(4 * GIB, GIB / 4, GIB).toString())
                .startsWith("warning ")
                .contains("little is left");
        assertThat(HostChecks.memory(4 * GIB, 3 * GIB, GIB).toString()).startsWith("ok ");
    }

    @Test
    void clocksMayDifferByLittle() {
        Instant now = Instant.parse("2026-11-21T10:00:00Z");

        assertThat(HostChecks.clock("it", now.minusSeconds(2), now).hasFailed()).isFalse();
        assertThat(HostChecks.clock("it", now.plus(Duration.ofMinutes(1)), now).toString())
                .startsWith("FAILED ")
                .contains("60 s behind it");
    }

    @Test
    void anOllamaInsideWhichRequestsQueueIsHintedAt() throws IOException {
        String answer = """
                {"backends": [
                  {"name": "a", "models": [{"name": "phi3", "in_flight": 6, "first_byte_ms": 9000, "service_ms": 12000}]},
                  {"name": "b", "models": [{"name": "phi3", "in_flight": 6, "first_byte_ms": 200, "service_ms": 12000}]},
                  {"name": "c", "models": [{"name": "phi3", "in_flight": 6, "first_byte_ms": 9000, "service_ms": 12000}]}]}
                """;

        assertThat(QueueingCheck.of(new ObjectMapper().readTree(answer), Set.of("a", "b")))
                .singleElement()
                .asString()
                .startsWith("warning ")
                .contains("backend a", "6 requests for phi3", "set parallel:");
    }
}
