package dev.weir.server.config;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An address to listen on, {@code HOST:PORT}. Without a host, or with {@code *}, it is every IPv4 address.
 *
 * @param scheme what is spoken there: as {@code http://} or {@code https://} before it says, else as {@code server.tls} has it
 */
public record ListenAddress(Scheme scheme, String host, int port) {
    /** What is spoken on a listener. */
    public enum Scheme {
        /** https where there is a certificate, else http. */
        AUTO,
        HTTP,
        HTTPS
    }

    private static final Pattern TEXT =
            Pattern.compile("(?:(https?)://)?(?:\\[([0-9a-fA-F:.%]+)]|([A-Za-z0-9._-]*|\\*)):(\\d{1,5})");
    private static final String EXPECTED = "expected an address such as 127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000";

    public ListenAddress {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException(EXPECTED);
        }
    }

    public ListenAddress(String host, int port) {
        this(Scheme.AUTO, host, port);
    }

    public static ListenAddress parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String ipv6 = matcher.group(2);
        if (ipv6 != null && !NetUtil.isValidIpV6Address(ipv6)) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String host = ipv6 != null ? ipv6 : matcher.group(3);
        String scheme = matcher.group(1);
        return new ListenAddress(
                scheme == null ? Scheme.AUTO : Scheme.valueOf(scheme.toUpperCase(Locale.ROOT)),
                host.isEmpty() || host.equals("*") ? "0.0.0.0" : host.toLowerCase(Locale.ROOT),
                Integer.parseInt(matcher.group(4)));
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

    /** Whether connections to it are encrypted, given whether there is a certificate. */
    public boolean isEncrypted(boolean certificate) {
        return scheme == Scheme.HTTPS || (scheme == Scheme.AUTO && certificate);
    }

    @Override
    public String toString() {
        String prefix = scheme == Scheme.AUTO ? "" : scheme.name().toLowerCase(Locale.ROOT) + "://";
        return prefix + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
