package dev.weir.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The configuration that Weir is measured with: its defaults, with limits that nothing reaches and as many idle connections to
 * a backend as nginx keeps. Every step of the default chain works, but for the audit, which the cells that measure it turn on.
 * As no peer writes a log, it writes none.
 *
 * @param directory where its database lies
 * @param backends URLs
 * @param models how many names lead to the backends; the first is {@code m}
 */
record WeirConf(
        Path directory,
        int port,
        List<String> backends,
        int models,
        Chain chain,
        @Nullable String redis,
        @Nullable Certificate certificate) {
    /** What a request passes. */
    enum Chain {
        /** Keys, and nothing else. */
        AUTH("auth"),
        /** All but the audit. */
        USUAL("cors, usage, auth, rate_limit, cache, transform"),
        AUDITED("cors, audit, usage, auth, rate_limit, cache, transform"),
        /** The same, with bodies in the audit and answers to chats in the cache. */
        EVERYTHING(AUDITED.pipeline);

        private final String pipeline;

        Chain(String pipeline) {
            this.pipeline = pipeline;
        }
    }

    WeirConf {
        backends = List.copyOf(backends);
        if (models < 1) {
            throw new IllegalArgumentException("models: " + models + " (expected: >= 1)");
        }
    }

    /** One backend, one model. */
    static WeirConf of(Path directory, int port, int backendPort) {
        return new WeirConf(directory, port, List.of("http://127.0.0.1:" + backendPort), 1, Chain.USUAL, null, null);
    }

    WeirConf withBackends(List<String> urls) {
        return new WeirConf(directory, port, urls, models, chain, redis, certificate);
    }

    WeirConf withModels(int count) {
        return new WeirConf(directory, port, backends, count, chain, redis, certificate);
    }

    WeirConf with(Chain what) {
        return new WeirConf(directory, port, backends, models, what, redis, certificate);
    }

    WeirConf withRedis(String url) {
        return new WeirConf(directory, port, backends, models, chain, url, certificate);
    }

    WeirConf with(Certificate other) {
        return new WeirConf(directory, port, backends, models, chain, redis, other);
    }

    /** The file of its database. */
    Path database() {
        return directory.resolve("weir.db");
    }

    /** The name of a model, from 0. */
    static String model(int number) {
        return number == 0 ? "m" : "m" + number;
    }

    String yaml() {
        return """
                server:
                  listen: "127.0.0.1:%d"
                  event_loops: 1
                  max_connections: 30000
                %s
                database: {url: "sqlite:%s"}
                redis: {url: "%s"}
                backends:
                %s
                models:
                %s
                discover_models: false
                logging: {access_log: false}
                backend_defaults: {pool: {max_idle_per_loop: 512}}
                pipeline: [%s]
                routes:
                  - {path: "/v1/files*", backend: b0}
                middleware:
                  rate_limit:
                    store: %s
                    per_key: {requests_per_minute: 100000000, tokens_per_minute: 100000000, parallel: 30000}
                  cache: {responses: {enabled: %b}}
                  audit: {bodies: %b, spill_directory: "%s"}
                """.formatted(
                        port,
                        certificate == null
                                ? ""
                                : "  tls: {certificate: \"" + certificate.certificate() + "\", private_key: \""
                                        + certificate.key() + "\"}",
                        database(),
                        redis == null ? "" : redis,
                        backendLines(),
                        modelLines(),
                        chain.pipeline,
                        redis == null ? "memory" : "redis",
                        chain == Chain.EVERYTHING,
                        chain == Chain.EVERYTHING,
                        directory.resolve("spill"));
    }

    private String backendLines() {
        return IntStream.range(0, backends.size())
                .mapToObj(i -> "  b" + i + ": {url: \"" + backends.get(i) + "\", kind: openai, max_in_flight: 20000}")
                .collect(Collectors.joining("\n"));
    }

    private String modelLines() {
        String targets = IntStream.range(0, backends.size())
                .mapToObj(i -> "{backend: b" + i + ", model: \"upstream-model\"}")
                .collect(Collectors.joining(", ", "{targets: [", "]}"));
        return IntStream.range(0, models)
                .mapToObj(i -> "  " + model(i) + ": " + targets)
                .collect(Collectors.joining("\n"));
    }
}
