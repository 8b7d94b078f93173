package dev.weir.server.sim;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a simulated server serves and how fast. *Any thread.*
 *
 * @param host address to bind
 * @param port port to bind; 0 takes any free one
 * @param kind the server simulated
 * @param models names of the models it has; empty takes {@link SimModel#DEFAULT_NAMES}
 * @param timeToFirstToken from a loaded model and a free slot to the first token
 * @param tokensPerSecond pace of one answer; 0 is as fast as possible
 * @param loadTime what the first use of a model that is not loaded costs
 * @param errorRate fraction of model requests that fail, 0 to 1
 * @param seed what the texts and the choice of failing requests follow from
 * @param parallel requests one model runs at once, 0 for no limit; the rest wait
 * @param maxLoaded models loaded at once, 0 for no limit; the least recently used idle one makes room
 * @param maxQueue requests that may wait; one more is answered 503
 * @param maxTokensDefault tokens of an answer whose request names no maximum, 0 for no limit
 * @param apiKey the bearer key to demand, or null for none
 */
public record SimOptions(
        String host,
        int port,
        SimKind kind,
        List<String> models,
        Duration timeToFirstToken,
        double tokensPerSecond,
        Duration loadTime,
        double errorRate,
        long seed,
        int parallel,
        int maxLoaded,
        int maxQueue,
        int maxTokensDefault,
        @Nullable String apiKey) {

    public SimOptions {
        models = List.copyOf(models);
        require(!host.isBlank(), "host", host, "an address");
        require(port >= 0 && port <= 65535, "port", port, "0 to 65535");
        require(models.stream().noneMatch(String::isBlank), "models", models, "no blank name");
        require(!timeToFirstToken.isNegative(), "timeToFirstToken", timeToFirstToken, ">= 0");
        require(tokensPerSecond >= 0 && tokensPerSecond <= 1e9, "tokensPerSecond", tokensPerSecond, "0 to 1e9");
        require(!loadTime.isNegative(), "loadTime", loadTime, ">= 0");
        require(errorRate >= 0 && errorRate <= 1, "errorRate", errorRate, "0 to 1");
        require(parallel >= 0, "parallel", parallel, ">= 0");
        require(maxLoaded >= 0, "maxLoaded", maxLoaded, ">= 0");
        require(maxQueue >= 0, "maxQueue", maxQueue, ">= 0");
        require(maxTokensDefault >= 0, "maxTokensDefault", maxTokensDefault, ">= 0");
    }

    private static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
        }
    }

    /** An Ollama on any free port that answers at a small machine's pace. */
    public static SimOptions defaults() {
        return builder().build();
    }

    /** As {@link #defaults()}, but nothing takes time: what most tests want. */
    public static SimOptions instant(SimKind kind) {
        return builder()
                .kind(kind)
                .timeToFirstToken(Duration.ZERO)
                .tokensPerSecond(0)
                .build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A builder that starts from these options. */
    public Builder toBuilder() {
        return builder()
                .host(host)
                .port(port)
                .kind(kind)
                .models(models)
                .timeToFirstToken(timeToFirstToken)
                .tokensPerSecond(tokensPerSecond)
                .loadTime(loadTime)
                .errorRate(errorRate)
                .seed(seed)
                .parallel(parallel)
                .maxLoaded(maxLoaded)
                .maxQueue(maxQueue)
                .maxTokensDefault(maxTokensDefault)
                .apiKey(apiKey);
    }

    /** Collects the options; starts from the defaults. *One thread.* */
    public static final class Builder {
        private String host = "127.0.0.1";
        private int port;
        private SimKind kind = SimKind.OLLAMA;
        private List<String> models = List.of();
        private Duration timeToFirstToken = Duration.ofMillis(50);
        private double tokensPerSecond = 80;
        private Duration loadTime = Duration.ZERO;
        private double errorRate;
        private long seed = 1;
        private int parallel;
        private int maxLoaded;
        private int maxQueue = 512;
        private int maxTokensDefault;
        private @Nullable String apiKey;

        private Builder() {}

        public Builder host(String value) {
            host = value;
            return this;
        }

        public Builder port(int value) {
            port = value;
            return this;
        }

        public Builder kind(SimKind value) {
            kind = value;
            return this;
        }

        public Builder models(List<String> value) {
            models = value;
            return this;
        }

        public Builder models(String... value) {
            return models(List.of(value));
        }

        public Builder timeToFirstToken(Duration value) {
            timeToFirstToken = value;
            return this;
        }

        public Builder tokensPerSecond(double value) {
            tokensPerSecond = value;
            return this;
        }

        public Builder loadTime(Duration value) {
            loadTime = value;
            return this;
        }

        public Builder errorRate(double value) {
            errorRate = value;
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder parallel(int value) {
            parallel = value;
            return this;
        }

        public Builder maxLoaded(int value) {
            maxLoaded = value;
            return this;
        }

        public Builder maxQueue(int value) {
            maxQueue = value;
            return this;
        }

        public Builder maxTokensDefault(int value) {
            maxTokensDefault = value;
            return this;
        }

        public Builder apiKey(@Nullable String value) {
            apiKey = value;
            return this;
        }

        public SimOptions build() {
            return new SimOptions(
                    host,
                    port,
                    kind,
                    models,
                    timeToFirstToken,
                    tokensPerSecond,
                    loadTime,
                    errorRate,
                    seed,
                    parallel,
                    maxLoaded,
                    maxQueue,
                    maxTokensDefault,
                    apiKey);
        }
    }
}
