package dev.weir.core;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.List;

/**
 * Who the client is, behind proxies that are trusted.
 *
 * @param address the client's own address
 * @param forwardedFor the way to us, for {@code X-Forwarded-For}
 * @param secure whether its connection was encrypted
 */
record ClientFacts(InetAddress address, String forwardedFor, boolean secure) {

    /** A client that is the peer itself. */
    static ClientFacts of(InetAddress peer, boolean tls) {
        return new ClientFacts(peer, peer.getHostAddress(), tls);
    }

    /**
     * Believes {@code X-Forwarded-For} and {@code X-Forwarded-Proto} only from a trusted peer; the client is the rightmost
     * address that is not trusted itself.
     */
    static ClientFacts of(ClientFacts peer, Headers headers, CidrSet trusted) {
        if (!trusted.contains(peer.address)) {
            return peer;
        }
        String proto = headers.get("X-Forwarded-Proto");
        boolean secure = proto == null ? peer.secure : proto.trim().equalsIgnoreCase("https");
        List<String> lists = headers.all("X-Forwarded-For");
        if (lists.isEmpty()) {
            return new ClientFacts(peer.address, peer.forwardedFor, secure);
        }
        String way = String.join(", ", lists);
        String[] hops = way.split(",", -1);
        InetAddress client = peer.address;
        for (int i = hops.length - 1; i >= 0 && trusted.contains(client); i--) {
            InetAddress hop = NetUtil.createInetAddressFromIpAddressString(hops[i].trim());
            if (hop == null) {
                return new ClientFacts(client, peer.forwardedFor, secure);
            }
            client = hop;
        }
        return new ClientFacts(client, way + ", " + peer.forwardedFor, secure);
    }
}
