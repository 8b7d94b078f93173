package dev.weir.backends;

import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A backend's spec for tests: short timeouts, no ejection, checks so seldom that only the first is made. */
final class SpecBuilder {
    private final String name;
    private final String url;
    private BackendSpec.Kind kind = BackendSpec.Kind.OLLAMA;
    private int weight = 1;
    private int maxInFlight = 64;
    private @Nullable String apiKey;
    private Map<String, String> headers = Map.of();
    private long connectMillis = 1_000;
    private long firstByteMillis = 15_000;
    private long idleMillis = 15_000;
    private long totalMillis = 60_000;
    private BackendSpec.Pool pool = BackendSpec.Pool.DEFAULT;
    private BackendSpec.Health health = new BackendSpec.Health(3_600_000, 1_000, 3, 2);
    private BackendSpec.Eject eject = new BackendSpec.Eject(1_000_000, 5_000, 300_000);
    private BackendSpec.@Nullable Tls tls;
    private int parallel;

    SpecBuilder(String name, String url) {
        this.name = name;
        this.url = url;
    }

    SpecBuilder kind(BackendSpec.Kind newKind) {
        kind = newKind;
        return this;
    }

    SpecBuilder weight(int newWeight) {
        weight = newWeight;
        return this;
    }

    SpecBuilder maxInFlight(int max) {
        maxInFlight = max;
        return this;
    }

    SpecBuilder apiKey(String key) {
        apiKey = key;
        return this;
    }

    SpecBuilder headers(Map<String, String> configured) {
        headers = configured;
        return this;
    }

    SpecBuilder connectMillis(long millis) {
        connectMillis = millis;
        return this;
    }

    SpecBuilder firstByteMillis(long millis) {
        firstByteMillis = millis;
        return this;
    }

    SpecBuilder idleMillis(long millis) {
        idleMillis = millis;
        return this;
    }

    SpecBuilder totalMillis(long millis) {
        totalMillis = millis;
        return this;
    }

    SpecBuilder pool(int maxIdlePerLoop, long poolIdleMillis, long maxAgeMillis) {
        pool = new BackendSpec.Pool(maxIdlePerLoop, poolIdleMillis, maxAgeMillis);
        return this;
    }

    SpecBuilder health(long intervalMillis, long timeoutMillis, int fall, int rise) {
        health = new BackendSpec.Health(intervalMillis, timeoutMillis, fall, rise);
        return this;
    }

    SpecBuilder eject(int consecutiveFailures, long baseMillis, long maxMillis) {
        eject = new BackendSpec.Eject(consecutiveFailures, baseMillis, maxMillis);
        return this;
    }

    SpecBuilder tls(BackendSpec.Tls settings) {
        tls = settings;
        return this;
    }

    SpecBuilder parallel(int perModel) {
        parallel = perModel;
        return this;
    }

    BackendSpec build() {
        return new BackendSpec(
                name,
                URI.create(url),
                kind,
                weight,
                maxInFlight,
                apiKey,
                headers,
                new BackendSpec.Timeouts(connectMillis, firstByteMillis, idleMillis, totalMillis),
                pool,
                health,
                eject,
                tls,
                parallel);
    }
}
