package dev.weir.bench;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of those that are measured beside each other.
 *
 * @param process null for the backend itself, without a proxy
 * @param headers what requests to it carry besides what they are about
 */
record Peer(String name, String scheme, int port, @Nullable PinnedProcess process, Map<String, String> headers) {
    static final String DIRECT = "direct";
    static final String NGINX = "nginx";
    static final String HAPROXY = "HAProxy";
    static final String WEIR = "Weir";
    static final String WEIR_AUTH = "Weir, auth alone";
    static final String WEIR_AUDIT = "Weir, audit";
    static final String WEIR_BODIES = "Weir, audit with bodies";
    static final String JAVASCRIPT = "@portkey-ai/gateway";
    static final String SPRING = "Spring Cloud Gateway";

    String url() {
        return scheme + "://127.0.0.1:" + port;
    }

    /** Whether its code is compiled while it runs, so that it gets cheaper for a while. */
    boolean isCompiledLate() {
        return name.startsWith(WEIR) || name.equals(JAVASCRIPT) || name.equals(SPRING);
    }

    boolean isProxy() {
        return process != null;
    }

    /**
     * The proxy's process.
     *
     * @throws IllegalStateException if there is no proxy
     */
    PinnedProcess started() {
        if (process == null) {
            throw new IllegalStateException(name + " is no proxy");
        }
        return process;
    }

    /** Processor time of the proxy so far; of the backend itself, none is told. */
    long cpuMicros() {
        return process == null ? 0 : process.cpuMicros();
    }

    long rssBytes() {
        return process == null ? 0 : process.rssBytes();
    }

    Peer named(String other) {
        return new Peer(other, scheme, port, process, headers);
    }
}
