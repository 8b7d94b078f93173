package dev.weir.server.config;

import io.netty.util.NetUtil;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a backend is: scheme, host and port, and a path that precedes those of requests (empty, or {@code /v1}; never ending
 * with a slash). It holds no credentials: those are the backend's {@code api_key} and {@code headers}.
 */
public record BackendUrl(boolean secure, String host, int port, String path) {
    private static final Pattern TEXT = Pattern.compile(
            "(https?)://(?:\\[([0-9a-f:.]+)]|([a-z0-9._-]+))(?::(\\d{1,5}))?((?:/[^\\s?#]*)?)",
            Pattern.CASE_INSENSITIVE);
    private static final String EXPECTED = "expected a URL such as http://127.0.0.1:11434 or https://host/v1";

    public static BackendUrl parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            boolean credentials = text.contains("@");
            throw new IllegalArgumentException(
                    EXPECTED + (credentials ? ", without a user: credentials belong in api_key or headers" : ""));
        }
        boolean secure = matcher.group(1).equalsIgnoreCase("https");
        String ipv6 = matcher.group(2);
        int port = matcher.group(4) == null ? (secure ? 443 : 80) : Integer.parseInt(matcher.group(4));
        if (port < 1 || port > 65535 || (ipv6 != null && !NetUtil.isValidIpV6Address(ipv6))) {
            throw new IllegalArgumentException(EXPECTED);
        }
        String host = ipv6 != null ? ipv6 : matcher.group(3);
        return new BackendUrl(
                secure, host.toLowerCase(Locale.ROOT), port, matcher.group(5).replaceFirst("/+$", ""));
    }

    @Override
    public String toString() {
        String bracketed = host.contains(":") ? "[" + host + "]" : host;
        return (secure ? "https://" : "http://") + bracketed + ":" + port + path;
    }
}
