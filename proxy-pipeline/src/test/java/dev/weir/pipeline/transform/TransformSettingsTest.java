package dev.weir.pipeline.transform;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.pipeline.transform.TransformSettings.RequestEdits;
import dev.weir.pipeline.transform.TransformSettings.ResponseEdits;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransformSettingsTest {
    @ParameterizedTest
    @ValueSource(strings = {"Authorization", "host", "X-Forwarded-For", "x-request-id", "a_b"})
    void whatWouldNotReachABackendCannotBeSet(String name) {
        assertThatThrownBy(() -> new RequestEdits(Map.of(name, "x"), List.of()))
                .hasMessageStartingWith("set: " + name + " does not go from here to a backend");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length", "transfer-encoding", "Connection"})
    void fieldsOfTheConnectionAreRefused(String name) {
        assertThatThrownBy(() -> new RequestEdits(Map.of(name, "x"), List.of()))
                .hasMessageStartingWith("set: " + name + " belongs to the connection");
        assertThatThrownBy(() -> new ResponseEdits(Map.of(), List.of(name)))
                .hasMessageStartingWith("remove: " + name + " belongs to the connection");
    }

    @Test
    void whatIsNoHeaderIsRefused() {
        assertThatThrownBy(() -> new ResponseEdits(Map.of("a b", "x"), List.of()))
                .hasMessageStartingWith("set: a b is no header");
        assertThatThrownBy(() -> new ResponseEdits(Map.of("a", "x\r\nb: y"), List.of()))
                .hasMessageStartingWith("set: a is no header");
    }

    @Test
    void oneFieldIsSetOrRemoved() {
        assertThatThrownBy(() -> new ResponseEdits(Map.of("Server", "x"), List.of("server")))
                .hasMessage("remove: server is set as well");
    }
}
