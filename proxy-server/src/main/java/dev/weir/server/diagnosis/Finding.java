package dev.weir.server.diagnosis;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One thing that was looked at. Any thread.
 *
 * @param verdict how it stands
 * @param subject what was looked at, in a word or two
 * @param text what was found
 * @param mend what to do about it; null when there is nothing to do
 */
public record Finding(
        Verdict verdict,
        String subject,
        String text,
        @Nullable String mend) {

    /** How a thing stands. Only {@code FAILED} makes a command fail. */
    public enum Verdict {
        OK,
        WARNING,
        SKIPPED,
        FAILED;

        @Override
        public String toString() {
            return this == FAILED ? "FAILED" : name().toLowerCase(Locale.ROOT);
        }
    }

    public static Finding ok(String subject, String text) {
        return new Finding(Verdict.OK, subject, text, null);
    }

    public static Finding warning(String subject, String text, String mend) {
        return new Finding(Verdict.WARNING, subject, text, mend);
    }

    public static Finding skipped(String subject, String why) {
        return new Finding(Verdict.SKIPPED, subject, why, null);
    }

    public static Finding failed(String subject, String text, String mend) {
        return new Finding(Verdict.FAILED, subject, text, mend);
    }

    public boolean hasFailed() {
        return verdict == Verdict.FAILED;
    }

    /** One line, and the mend on a second one. */
    @Override
    public String toString() {
        String line = "%-8s %s: %s".formatted(verdict, subject, text);
        return mend == null ? line : line + "\n         mend: " + mend;
    }
}
