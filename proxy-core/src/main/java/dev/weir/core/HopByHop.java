package dev.weir.core;

import java.util.Locale;

/** Fields that belong to one connection and are never forwarded (RFC 9110 section 7.6.1). */
public final class HopByHop {
    private HopByHop() {}

    /** Whether {@code name} is about one connection: its framing, its upgrade, its persistence. */
    public static boolean contains(String name) {
        return switch (name.length()) {
            case 2 -> name.equalsIgnoreCase("TE");
            case 7 -> name.equalsIgnoreCase("Upgrade") || name.equalsIgnoreCase("Trailer");
            case 10 -> name.equalsIgnoreCase("Connection") || name.equalsIgnoreCase("Keep-Alive");
            case 14 -> name.equalsIgnoreCase("Content-Length") || name.equalsIgnoreCase("HTTP2-Settings");
            case 16 -> name.equalsIgnoreCase("Proxy-Connection");
            case 17 -> name.equalsIgnoreCase("Transfer-Encoding");
            case 18 -> name.equalsIgnoreCase("Proxy-Authenticate");
            case 19 -> name.equalsIgnoreCase("Proxy-Authorization");
            default -> false;
        };
    }

    /**
     * Removes the fields that a Connection field nominates, and then all of {@link #contains}. A nomination never removes
     * what the message means: Host, Content-Type, Authorization and the like.
     */
    public static void remove(Headers headers) {
        if (headers.contains("Connection")) {
            for (String list : headers.all("Connection")) {
                if (list.equals("keep-alive") || list.equals("close")) {
                    continue;
                }
                for (String option : list.split(",", -1)) {
                    String name = option.trim();
                    if (!name.isEmpty() && !isEssential(name)) {
                        headers.remove(name);
                    }
                }
            }
        }
        headers.removeIf(HopByHop::contains);
    }

    private static boolean isEssential(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "host",
                    "content-type",
                    "content-encoding",
                    "authorization",
                    "x-api-key",
                    "api-key",
                    "cache-control",
                    "content-length",
                    "transfer-encoding" -> true;
            default -> false;
        };
    }
}
