package dev.weir.core;

/** Checks that keep a path's meaning the same here and at a backend that normalises it. */
final class PathCheck {
    private PathCheck() {}

    /** Whether a segment is {@code .} or {@code ..}, also percent-encoded or with parameters ({@code ..;x}). */
    static boolean hasDotSegment(String path) {
        int at = 0;
        int length = path.length();
        while (at < length) {
            int dots = 0;
            int next = at + (path.charAt(at) == '%' ? 3 : 1);
            while (next < length) {
                if (path.charAt(next) == '.') {
                    dots++;
                    next++;
                } else if (isEncoded(path, next, "%2e")) {
                    dots++;
                    next += 3;
                } else {
                    break;
                }
            }
            boolean segmentEnds = next >= length || isSeparator(path, next);
            if ((dots == 1 || dots == 2) && segmentEnds) {
                return true;
            }
            while (next < length && !isSlash(path, next)) {
                next++;
            }
            at = next;
        }
        return false;
    }

    /** Whether every {@code %} begins two hexadecimal digits that do not spell NUL. */
    static boolean isWellEncoded(String target) {
        for (int at = target.indexOf('%'); at >= 0; at = target.indexOf('%', at + 3)) {
            if (at + 2 >= target.length()
                    || Octets.hex(target.charAt(at + 1)) < 0
                    || Octets.hex(target.charAt(at + 2)) < 0
                    || target.startsWith("%00", at)) {
                return false;
            }
        }
        return true;
    }

    /** Whether it holds an octet of overlong UTF-8, in which some servers still read {@code /} and {@code .}. */
    static boolean hasOverlongForm(String path) {
        for (int at = path.indexOf('%'); at >= 0; at = path.indexOf('%', at + 3)) {
            if (path.regionMatches(true, at, "%c0", 0, 3) || path.regionMatches(true, at, "%c1", 0, 3)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSeparator(String path, int at) {
        return path.charAt(at) == ';' || isSlash(path, at);
    }

    private static boolean isSlash(String path, int at) {
        char c = path.charAt(at);
        return c == '/' || c == '\\' || isEncoded(path, at, "%2f") || isEncoded(path, at, "%5c");
    }

    private static boolean isEncoded(String path, int at, String encoded) {
        return path.charAt(at) == '%' && path.regionMatches(true, at, encoded, 0, encoded.length());
    }
}
