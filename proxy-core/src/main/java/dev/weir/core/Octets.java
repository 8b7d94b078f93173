package dev.weir.core;

/** The character classes of HTTP/1.1, as tables. */
final class Octets {
    private static final boolean[] TOKEN = new boolean[128];

    static {
        for (char c = '0'; c <= '9'; c++) {
            TOKEN[c] = true;
        }
        for (char c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = true;
            TOKEN[Character.toUpperCase(c)] = true;
        }
        for (char c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
    }

    private Octets() {}

    /** {@code tchar}, RFC 9110 section 5.6.2. */
    static boolean isToken(int octet) {
        return octet >= 0 && octet < 128 && TOKEN[octet];
    }

    static boolean isAlphanumeric(int octet) {
        return (octet >= '0' && octet <= '9') || ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'z' && octet < 128);
    }

    /** What a field value may hold: VCHAR, obs-text, SP and HTAB (RFC 9110 section 5.5). */
    static boolean isFieldText(int octet) {
        return (octet >= 0x20 && octet != 0x7f && octet <= 0xff) || octet == '\t';
    }

    /** The value of a hexadecimal digit, or -1. */
    static int hex(int octet) {
        if (octet >= '0' && octet <= '9') {
            return octet - '0';
        }
        int lower = octet | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }
}
