package dev.weir.server.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An address to listen on, {@code HOST:PORT}. Without a host, or with {@code *}, it is every IPv4 address. */
public record ListenAddress(String host, int port) {
    private static final Pattern TEXT = Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)]|([A-Za-z0-9._-]*|\\*)):(\\d{1,5})");
    private static final String EXPECTED = "expected an address such as 127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000";

    public ListenAddress {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(EXPECTED);
        }
    }

    public static ListenAddress parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String ipv6 = matcher.group(1);
        if (ipv6 != null && !NetUtil.isValidIpV6Address(ipv6)) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String host = ipv6 != null ? ipv6 : matcher.group(2);
        return new ListenAddress(
                host.isEmpty() || host.equals("*") ? "0.0.0.0" : host.toLowerCase(Locale.ROOT),
                Integer.parseInt(matcher.group(3)));
    }

    /** Whether only this machine can reach it. Names other than localhost are not looked up, and are not. */
    public boolean isLoopback() {
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        if (address == null) {
            return host.equals("localhost");
        }
        try {
            return InetAddress.getByAddress(address).isLoopbackAddress();
        } catch (UnknownHostException wrongLength) {
            throw new IllegalStateException(wrongLength);
        }
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
