package dev.weir.server.config;

import dev.weir.core.ByteSize;
import dev.weir.core.Default;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code server}: where and how clients are received. */
public record ServerConfig(
        @Default("${WEIR_LISTEN:-127.0.0.1:4000}") List<ListenAddress> listen,
        @Nullable ListenAddress adminListen,
        @Default("auto") Transport transport,
        @Default("0") int eventLoops,
        @Default("false") boolean reusePort,
        @Default("10000") int maxConnections,
        @Default("0") int maxConnectionsPerAddress,
        @Default("32KiB") ByteSize maxHeaderBytes,
        @Default("32MiB") ByteSize maxBodyBytes,
        @Default("0") ByteSize maxBufferedBytes,
        @Default("{}") Timeouts timeouts,
        @Default("[]") List<Cidr> trustedProxies,
        @Default("[]") List<Cidr> allowFrom,
        @Nullable Tls tls,
        @Nullable Path docsDirectory) {

    public ServerConfig {
        if (listen.isEmpty()) {
            throw new IllegalArgumentException("listen: is empty");
        }
        if (tls == null) {
            requirePlain("listen", listen);
            requirePlain("admin_listen", adminListen == null ? List.of() : List.of(adminListen));
        }
        Expect.atLeast("event_loops", eventLoops, 0);
        Expect.atLeast("max_connections", maxConnections, 1);
        Expect.atLeast("max_connections_per_address", maxConnectionsPerAddress, 0);
        Expect.between("max_header_bytes", maxHeaderBytes.bytes(), 1024, 1 << 20);
        Expect.between("max_body_bytes", maxBodyBytes.bytes(), 1, Integer.MAX_VALUE);
    }

    /** Every address that is listened on. */
    public List<ListenAddress> addresses() {
        return adminListen == null
                ? listen
                : Stream.concat(listen.stream(), Stream.of(adminListen)).toList();
    }

    private static void requirePlain(String key, List<ListenAddress> addresses) {
        for (ListenAddress address : addresses) {
            if (address.isEncrypted(false)) {
                throw new IllegalArgumentException(
                        key + ": " + address + " needs a certificate (expected: server.tls)");
            }
        }
    }

    /** How sockets are driven. */
    public enum Transport {
        AUTO,
        IO_URING,
        EPOLL,
        NIO
    }

    /** How long a client may take; a drain delay lets load balancers notice before listening ends. */
    public record Timeouts(
            @Default("10s") Duration header,
            @Default("30s") Duration bodyIdle,
            @Default("75s") Duration keepAlive,
            @Default("60s") Duration writeStall,
            @Default("30s") Duration drain,
            @Default("0s") Duration drainDelay) {

        public Timeouts {
            Expect.positive("header", header);
            Expect.positive("body_idle", bodyIdle);
            Expect.positive("keep_alive", keepAlive);
            Expect.positive("write_stall", writeStall);
        }
    }

    /** PEM files; plain requests to {@code redirect_from} are sent to the first encrypted listen address. */
    public record Tls(
            Path certificate, Path privateKey, @Nullable ListenAddress redirectFrom) {}
}
