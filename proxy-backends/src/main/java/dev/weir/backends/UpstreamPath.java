package dev.weir.backends;

/** Paths of requests for a model, as backends know them: clients may leave {@code /v1} out. */
final class UpstreamPath {
    private UpstreamPath() {}

    /** The target with {@code /v1} in front unless it begins with that or with {@code /api/}. */
    static String of(String target) {
        return isUnder(target, "/v1") || isUnder(target, "/api") ? target : "/v1" + target;
    }

    private static boolean isUnder(String target, String prefix) {
        return target.startsWith(prefix)
                && (target.length() == prefix.length()
                        || target.charAt(prefix.length()) == '/'
                        || target.charAt(prefix.length()) == '?');
    }
}
