package dev.weir.server;

import dev.weir.server.config.ServerConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.util.function.Supplier;

/** The certificate that listeners show. */
final class ServerTls {
    private ServerTls() {}

    /**
     * Reads certificate and key.
     *
     * @throws IOException if they cannot be used, naming the files
     */
    static Supplier<SslContext> of(ServerConfig.Tls tls) throws IOException {
        try {
            SslContext context = SslContextBuilder.forServer(
                            tls.certificate().toFile(), tls.privateKey().toFile())
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
            return () -> context;
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException(
                    "server.tls: " + tls.certificate() + " and " + tls.privateKey() + " cannot be used: "
                            + e.getMessage(),
                    e);
        }
    }
}
