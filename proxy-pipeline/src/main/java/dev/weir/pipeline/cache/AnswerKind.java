package dev.weir.pipeline.cache;

import java.util.Locale;

/** The two kinds of answers that have settings and figures of their own. */
public enum AnswerKind {
    EMBEDDINGS,
    RESPONSES;

    /** As metrics and management call it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
