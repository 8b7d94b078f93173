package dev.weir.core;

import io.netty.util.NetUtil;

/** Host and port as they stand in a Host field or a target (RFC 3986 section 3.2, RFC 9110 section 7.2). */
final class Authority {
    private Authority() {}

    /** {@code uri-host [":" port]}, without user information; never empty. */
    static boolean isValid(String authority) {
        int length = authority.length();
        int at = 0;
        if (length > 0 && authority.charAt(0) == '[') {
            at = authority.indexOf(']') + 1;
            if (at < 4 || !NetUtil.isValidIpV6Address(authority.substring(1, at - 1))) {
                return false;
            }
        } else {
            while (at < length && isHostCharacter(authority.charAt(at))) {
                at++;
            }
            if (!PathCheck.isWellEncoded(authority)) {
                return false;
            }
            if (at == 0) {
                return false;
            }
        }
        return at == length || (authority.charAt(at) == ':' && isPort(authority, at + 1));
    }

    private static boolean isHostCharacter(char c) {
        return Octets.isAlphanumeric(c) || "-._~%!$&'()*+;=".indexOf(c) >= 0;
    }

    private static boolean isPort(String text, int from) {
        if (text.length() - from > 5) {
            return false;
        }
        int port = 0;
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return false;
            }
            port = 10 * port + (c - '0');
        }
        return port <= 65535;
    }
}
