package dev.weir.pipeline.usage;

import java.util.List;

/**
 * What is known of a model that clients can ask for.
 *
 * @param name what clients ask for
 * @param source where it comes from
 * @param description for people; may be empty
 * @param details what backends say of it
 * @param backends the names of those who offer it
 */
public record RegisteredModel(String name, Source source, String description, Details details, List<String> backends) {
    /** Where a model comes from. */
    public enum Source {
        /** The configuration names it. */
        CONFIGURED,
        /** It was found on a backend. */
        DISCOVERED
    }

    /**
     * What backends say of a model; empty, or 0, where nothing is known.
     *
     * @param parameterSize as {@code 3.2B}
     * @param quantization as {@code Q4_K_M}
     * @param sizeBytes on disk
     */
    public record Details(String family, String parameterSize, String quantization, long sizeBytes) {
        public static final Details UNKNOWN = new Details("", "", "", 0);
    }

    public RegisteredModel {
        backends = List.copyOf(backends);
    }

    /** A model of which backends have not said anything yet. */
    public RegisteredModel(String name, Source source, String description, List<String> backends) {
        this(name, source, description, Details.UNKNOWN, backends);
    }

    RegisteredModel with(Details said) {
        return new RegisteredModel(name, source, description, said, backends);
    }
}
