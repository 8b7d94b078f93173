package dev.weir.backends;

import dev.weir.testing.FakeBackend;
import dev.weir.testing.RawClient;
import dev.weir.testing.RawResponse;
import dev.weir.testing.Script;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Two backends that answer unless a test scripts them otherwise, and what tests before them ask. Closed after each test. */
final class TwoBackends implements AfterEachCallback {
    static final String CHAT = "{\"model\": \"m\", \"messages\": []}";
    static final String STREAM = "{\"model\": \"m\", \"stream\": true, \"messages\": []}";

    private static final Script ANSWER = Script.ok("{\"answered\": true}");

    private final FakeBackend one = FakeBackend.start().onRequest(ANSWER);
    private final FakeBackend two = FakeBackend.start().onRequest(ANSWER);

    FakeBackend one() {
        return one;
    }

    FakeBackend two() {
        return two;
    }

    static RawResponse chat(TestFleet fleet) {
        return RawClient.post(fleet.port(), "/v1/chat/completions", CHAT);
    }

    static TestFleet withTimeouts(BackendSpec.Timeouts timeouts, FakeBackend... backends) {
        return TestFleet.before(
                BackendGroup.Settings.DEFAULT,
                spec -> TestFleet.spec(spec.name(), spec.url().toString(), spec.maxInFlight(), timeouts),
                backends);
    }

    static TestFleet withOneSlot(int queueMax, long queueMillis, FakeBackend... backends) {
        return TestFleet.before(
                new BackendGroup.Settings(2, 20, 10, queueMax, queueMillis),
                spec -> TestFleet.spec(spec.name(), spec.url().toString(), 1, TestFleet.PATIENT),
                backends);
    }

    static void leave(RawClient client, boolean reset) {
        if (reset) {
            client.reset();
        } else {
            client.close();
        }
    }

    @Override
    public void afterEach(ExtensionContext context) {
        one.close();
        two.close();
    }
}
