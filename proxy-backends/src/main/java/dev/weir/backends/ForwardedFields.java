package dev.weir.backends;

import dev.weir.core.HopByHop;

/** Which of a client's fields a backend gets to see: all but those of its connection, its secrets, and what Weir sets. */
final class ForwardedFields {
    private ForwardedFields() {}

    /**
     * Whether {@code name} goes on to the backend. Not those of one hop; not credentials; not Origin, which Ollama refuses;
     * not Accept-Encoding, for compressed answers cannot be looked into; not Expect, which was answered; no name with
     * {@code _}, which some servers take for {@code -}.
     */
    static boolean isForwarded(String name) {
        return !HopByHop.contains(name) && !isCredential(name) && !isSetByWeir(name) && name.indexOf('_') < 0;
    }

    private static boolean isCredential(String name) {
        return switch (name.length()) {
            case 7 -> name.equalsIgnoreCase("api-key");
            case 9 -> name.equalsIgnoreCase("x-api-key");
            case 13 -> name.equalsIgnoreCase("Authorization");
            case 14 -> name.equalsIgnoreCase("x-goog-api-key");
            case 17 -> name.equalsIgnoreCase("x-litellm-api-key");
            default -> false;
        };
    }

    private static boolean isSetByWeir(String name) {
        return switch (name.length()) {
            case 3 -> name.equalsIgnoreCase("Via");
            case 4 -> name.equalsIgnoreCase("Host");
            case 6 -> name.equalsIgnoreCase("Origin") || name.equalsIgnoreCase("Expect");
            case 9 -> name.equalsIgnoreCase("Forwarded") || name.equalsIgnoreCase("X-Real-IP");
            case 12 -> name.equalsIgnoreCase("x-request-id");
            case 15 -> name.equalsIgnoreCase("Accept-Encoding") || isForwarding(name);
            default -> isForwarding(name);
        };
    }

    private static boolean isForwarding(String name) {
        return name.regionMatches(true, 0, "X-Forwarded-", 0, 12);
    }
}
