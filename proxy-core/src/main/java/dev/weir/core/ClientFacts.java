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
        InetAddress client = peer.address;
        List<String> lists = headers.all("X-Forwarded-For");
        for (int i = lists.size() - 1; i >= 0 && trusted.contains(client); i--) {
            String[] hops = lists.get(i).split(",", -1);
            for (int j = hops.length - 1; j >= 0 && trusted.contains(client); j--) {
                InetAddress hop = NetUtil.createInetAddressFromIpAddressString(hops[j].trim());
                if (hop == null) {
                    return new ClientFacts(client, peer.forwardedFor, peer.secure);
                }
                client = hop;
            }
        }
        String way = lists.isEmpty() ? peer.forwardedFor : String.join(", ", lists) + ", " + peer.forwardedFor;
        String proto = headers.get("X-Forwarded-Proto");
        return new ClientFacts(
                client, way, proto == null ? peer.secure : proto.trim().equalsIgnoreCase("https"));
    }
}
