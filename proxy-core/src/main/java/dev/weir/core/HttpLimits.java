package dev.weir.core;

/**
 * What a peer may send before its body.
 *
 * @param maxLineBytes longest request or status line, CRLF included
 * @param maxSectionBytes longest header or trailer section
 * @param maxFields most field lines in a section
 */
public record HttpLimits(int maxLineBytes, int maxSectionBytes, int maxFields) {
    public static final HttpLimits DEFAULT = new HttpLimits(16 * 1024, 32 * 1024, 200);

    public HttpLimits {
        if (maxLineBytes < 64 || maxSectionBytes < 64 || maxFields < 1) {
            throw new IllegalArgumentException("limits: " + maxLineBytes + ", " + maxSectionBytes + ", " + maxFields
                    + " (expected: at least 64, 64, 1)");
        }
    }
}
