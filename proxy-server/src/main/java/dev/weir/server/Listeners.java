package dev.weir.server;

import dev.weir.core.Engine;
import dev.weir.core.ExchangeListener;
import dev.weir.core.ProxyServer;
import dev.weir.core.Transport;
import dev.weir.server.config.ListenAddress;
import dev.weir.server.config.ServerConfig;
import dev.weir.server.systemd.InheritedSockets;
import dev.weir.server.tls.ServerTls;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where a gateway listens: for clients, for administration, and to redirect to https. Any thread, one after another. */
final class Listeners implements AutoCloseable {
    private final ProxyServer clients;
    private final ProxyServer admins;
    private final Transport transport;
    private final EventLoopGroup eventLoops;
    private final ExchangeListener exchangeListener;
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private @Nullable ProxyServer redirects;

    Listeners(
            Engine engine,
            Engine adminEngine,
            Transport transport,
            EventLoopGroup eventLoops,
            ExchangeListener exchangeListener) {
        this.clients = new ProxyServer(engine, transport, eventLoops);
        this.admins = new ProxyServer(adminEngine, transport, eventLoops);
        this.transport = transport;
        this.eventLoops = eventLoops;
        this.exchangeListener = exchangeListener;
    }

    /**
     * Listens wherever the configuration says, on the sockets that were handed over as far as there are any.
     *
     * @throws IOException if an address cannot be listened on, naming it
     */
    void open(ServerConfig server, InheritedSockets inherited, ServerTls certificate) throws IOException {
        Integer encryptedPort = null;
        for (ListenAddress address : server.listen()) {
            InetSocketAddress bound = open(clients, address, inherited.nextForClients(), server, certificate);
            if (encryptedPort == null && address.isEncrypted(server.tls() != null)) {
                encryptedPort = bound.getPort();
            }
        }
        if (server.adminListen() != null) {
            open(admins, server.adminListen(), inherited.forAdmin(), server, certificate);
        }
        if (server.tls() != null && server.tls().redirectFrom() != null) {
            int port = encryptedPort == null ? addresses.get(0).getPort() : encryptedPort;
            Engine redirect = new Engine(EngineAssembly.engine(server), new HttpsRedirect(port), exchangeListener);
            ProxyServer plain = new ProxyServer(redirect, transport, eventLoops);
            redirects = plain;
            ListenAddress from = server.tls().redirectFrom();
            ListenAddress unencrypted = new ListenAddress(ListenAddress.Scheme.HTTP, from.host(), from.port());
            open(plain, unencrypted, inherited.forRedirect(), server, certificate);
        }
        inherited.requireAllTaken();
    }

    private InetSocketAddress open(
            ProxyServer listener,
            ListenAddress address,
            @Nullable Integer descriptor,
            ServerConfig server,
            ServerTls certificate)
            throws IOException {
        Supplier<SslContext> tls = address.isEncrypted(server.tls() != null) ? certificate::current : null;
        InetSocketAddress bound = descriptor != null
                ? listener.adopt(descriptor, tls)
                : listener.listen(socketAddress(address), tls, server.reusePort());
        addresses.add(bound);
        return bound;
    }

    private static InetSocketAddress socketAddress(ListenAddress address) throws IOException {
        InetSocketAddress socketAddress = new InetSocketAddress(address.host(), address.port());
        if (socketAddress.isUnresolved()) {
            throw new IOException("cannot listen on " + address + ": the name " + address.host() + " is not known");
        }
        return socketAddress;
    }

    /** See {@link ProxyServer#drain}: those for clients. */
    boolean drain(Duration delay, Duration deadline) throws InterruptedException {
        return clients.drain(delay, deadline);
    }

    /** Those for clients in the order of the configuration, the one for administration, the one that redirects. */
    List<InetSocketAddress> addresses() {
        return List.copyOf(addresses);
    }

    @Override
    public void close() {
        clients.close();
        admins.close();
        if (redirects != null) {
            redirects.close();
        }
    }

    @Override
    public String toString() {
        return addresses.stream()
                .map(address ->
                        NetUtil.toSocketAddressString(address.getAddress().getHostAddress(), address.getPort()))
                .collect(Collectors.joining(", "));
    }
}
