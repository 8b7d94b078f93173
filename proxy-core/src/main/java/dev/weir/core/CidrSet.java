package dev.weir.core;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A set of networks in CIDR notation, IPv4 and IPv6. Immutable; holds nothing unless it names it. */
public final class CidrSet {
    public static final CidrSet EMPTY = new CidrSet(List.of());

    private static final class Network {
        private final byte[] address;
        private final int prefix;

        Network(byte[] address, int prefix) {
            this.address = address;
            this.prefix = prefix;
        }

        boolean contains(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            int whole = prefix / 8;
            if (!Arrays.equals(address, 0, whole, other, 0, whole)) {
                return false;
            }
            int rest = prefix % 8;
            return rest == 0 || ((address[whole] ^ other[whole]) & 0xff) >> (8 - rest) == 0;
        }
    }

    private final List<Network> networks;

    private CidrSet(List<Network> networks) {
        this.networks = networks;
    }

    /**
     * Reads networks such as {@code 10.0.0.0/8} or {@code ::1}; an address alone is a network of one.
     *
     * @throws IllegalArgumentException naming the first that is none
     */
    public static CidrSet of(List<String> cidrs) {
        List<Network> networks = new ArrayList<>(cidrs.size());
        for (String cidr : cidrs) {
            networks.add(parse(cidr));
        }
        return new CidrSet(List.copyOf(networks));
    }

    public boolean isEmpty() {
        return networks.isEmpty();
    }

    public boolean contains(InetAddress address) {
        if (networks.isEmpty()) {
            return false;
        }
        byte[] octets = address.getAddress();
        for (Network network : networks) {
            if (network.contains(octets)) {
                return true;
            }
        }
        return false;
    }

    private static Network parse(String cidr) {
        int slash = cidr.indexOf('/');
        byte[] address = NetUtil.createByteArrayFromIpAddressString(slash < 0 ? cidr : cidr.substring(0, slash));
        int prefix = -1;
        if (address != null) {
            try {
                prefix = slash < 0 ? 8 * address.length : Integer.parseInt(cidr.substring(slash + 1));
            } catch (NumberFormatException e) {
                prefix = -1;
            }
        }
        if (address == null || prefix < 0 || prefix > 8 * address.length) {
            throw new IllegalArgumentException("network: " + cidr + " (expected: ADDRESS or ADDRESS/BITS)");
        }
        return new Network(address, prefix);
    }
}
