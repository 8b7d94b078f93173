package dev.weir.server.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** A range of addresses, {@code 10.0.0.0/8}; an address alone is a range of one. */
public record Cidr(InetAddress address, int prefixLength) {
    private static final String EXPECTED = "expected a range of addresses such as 10.0.0.0/8, 192.168.1.7 or fd00::/8";

    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(slash < 0 ? text : text.substring(0, slash));
        if (bytes == null) {
            throw new IllegalArgumentException(EXPECTED);
        }
        int bits = bytes.length * Byte.SIZE;
        try {
            int prefixLength = slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1));
            if (prefixLength < 0 || prefixLength > bits) {
                throw new IllegalArgumentException(EXPECTED);
            }
            return new Cidr(InetAddress.getByAddress(bytes), prefixLength);
        } catch (NumberFormatException | UnknownHostException e) {
            throw new IllegalArgumentException(EXPECTED, e);
        }
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + prefixLength;
    }
}
