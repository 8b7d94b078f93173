package dev.weir.backends;

import java.util.Locale;

/** Why a target was chosen, for logs and metrics. */
public enum Reason {
    /** The group has no other. */
    ONLY,
    /** It has the model loaded, or is about to. */
    WARM,
    /** It has to load the model: nobody has it loaded, or those who have would take longer. */
    COLD,
    /** By its weight and load alone. */
    WEIGHT,
    /** Requests of the same kind went there before. */
    AFFINITY,
    /** Nobody is fit, and somebody has to find out who is again. */
    TRIAL;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** Its name in logs and metrics. */
    public String label() {
        return label;
    }
}
