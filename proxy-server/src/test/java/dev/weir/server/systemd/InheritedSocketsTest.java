package dev.weir.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The variables that tell of sockets. Sockets themselves are handed over in {@code SocketActivationProcessTest}. */
class InheritedSocketsTest {
    @Test
    void whatIsForAnotherProcessIsNotForUs() throws IOException {
        InheritedSockets sockets = InheritedSockets.of(Map.of("LISTEN_FDS", "1", "LISTEN_PID", "8"), 7);

        assertThat(sockets.nextForClients()).isNull();
        assertThat(InheritedSockets.of(Map.of(), 7).forAdmin()).isNull();
    }

    @Test
    void aCountThatIsNoneIsRefused() {
        assertThatThrownBy(() -> InheritedSockets.of(Map.of("LISTEN_FDS", "many", "LISTEN_PID", "7"), 7))
                .hasMessage("LISTEN_FDS: many (expected: 0 to 64)");
    }

    @Test
    void aDescriptorThatIsNotOpenIsNamed() {
        // The three first are open in every JVM's tests; no process has all of these.
        assertThatThrownBy(() -> InheritedSockets.of(Map.of("LISTEN_FDS", "64", "LISTEN_PID", "7"), 7))
                .isInstanceOf(IOException.class);
    }
}
