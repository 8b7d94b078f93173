package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Requests that fail on purpose. */
class FaultsTest {
    private static List<Faults.Fault> draw(long seed, double rate) {
        Faults faults = new Faults(seed, rate);
        return Stream.generate(faults::next).limit(10_000).toList();
    }

    @Test
    void shareOfFailuresIsTheRateAndHalfOfThemAreCut() {
        List<Faults.Fault> drawn = draw(1, 0.1);

        assertThat(drawn).filteredOn(fault -> fault != Faults.Fault.NONE).hasSizeBetween(900, 1100);
        assertThat(Collections.frequency(drawn, Faults.Fault.CUT)).isBetween(400, 600);
        assertThat(Collections.frequency(drawn, Faults.Fault.REFUSE_500)).isBetween(180, 320);
    }

    @Test
    void sameSeedFailsTheSameRequests() {
        assertThat(draw(7, 0.1)).isEqualTo(draw(7, 0.1)).isNotEqualTo(draw(8, 0.1));
        assertThat(draw(7, 0)).containsOnly(Faults.Fault.NONE);
    }

    @Test
    void failingRequestsAreRefusedOrCut() throws IOException {
        SimOptions options =
                SimOptions.instant(SimKind.OLLAMA).toBuilder().errorRate(1).build();
        try (SimServer server = SimServer.start(options)) {
            SimClient client = new SimClient(server);
            int refused = 0;
            int cut = 0;
            for (int i = 0; i < 20; i++) {
                String body = "{'model':'phi3','prompt':'Hi','stream':" + (i % 2 == 0) + "}";
                try {
                    assertThat(client.post("/api/generate", body).statusCode()).isIn(500, 503);
                    refused++;
                } catch (UncheckedIOException e) {
                    cut++;
                }
            }

            assertThat(refused).isPositive();
            assertThat(cut).isPositive();
            assertThat(server.stats().failed()).isEqualTo(20);
            assertThat(server.stats().cancelled()).isZero();
            assertThat(client.get("/api/tags").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void cutStreamHasNoEnd() throws IOException {
        SimOptions options =
                SimOptions.instant(SimKind.OLLAMA).toBuilder().errorRate(1).build();
        try (SimServer server = SimServer.start(options)) {
            SimClient client = new SimClient(server);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 50; i++) {
                            client.post("/api/generate", "{'model':'phi3','prompt':'Hi'}");
                        }
                    })
                    .isInstanceOf(UncheckedIOException.class);
        }
    }
}
