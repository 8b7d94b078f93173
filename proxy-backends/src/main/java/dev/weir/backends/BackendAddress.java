package dev.weir.backends;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Where a backend's name leads. Looked up off the event loops, now and then; the last good answer is kept when a lookup
 * fails. Any thread.
 */
final class BackendAddress {
    private static final InetAddress[] UNKNOWN = {};

    private final String host;
    private final int port;
    private volatile InetAddress[] addresses;

    BackendAddress(String host, int port) {
        this.host = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        this.port = port;
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(this.host);
        this.addresses = literal == null ? UNKNOWN : new InetAddress[] {literal};
    }

    /** An address to connect to; unresolved while the name has never been found. */
    InetSocketAddress get() {
        InetAddress[] known = addresses;
        if (known.length == 0) {
            return InetSocketAddress.createUnresolved(host, port);
        }
        int choice = known.length == 1 ? 0 : ThreadLocalRandom.current().nextInt(known.length);
        return new InetSocketAddress(known[choice], port);
    }

    /** Looks the name up. Blocks. */
    void refresh() throws UnknownHostException {
        if (NetUtil.createInetAddressFromIpAddressString(host) == null) {
            addresses = InetAddress.getAllByName(host);
        }
    }
}
