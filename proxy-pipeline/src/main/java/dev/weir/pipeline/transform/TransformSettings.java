package dev.weir.pipeline.transform;

import dev.weir.core.Default;
import dev.weir.core.Headers;
import dev.weir.core.HopByHop;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * {@code transform}: what changes on the way.
 *
 * @param inputToPrompt whether {@code {"input": "text"}} becomes {@code {"prompt": "text"}} where the backend's endpoint for
 *     embeddings takes that
 * @param headers header fields to set and to remove
 */
public record TransformSettings(
        @Default("true") boolean inputToPrompt,
        @Default("{}") HeaderSettings headers) {

    /** Header fields of requests on their way to a backend, and of answers on their way to the client. */
    public record HeaderSettings(
            @Default("{}") RequestEdits request,
            @Default("{}") ResponseEdits response) {}

    /**
     * What changes in a request.
     *
     * @param set fields by their names, in the place of a client's own
     * @param remove fields that do not go on
     */
    public record RequestEdits(
            @Default("{}") Map<String, String> set,
            @Default("[]") List<String> remove) {
        /** What the gateway sets itself, or never passes on, so that setting it here would do nothing. */
        private static final Set<String> NOT_SENT = Set.of(
                "accept-encoding",
                "api-key",
                "authorization",
                "expect",
                "forwarded",
                "host",
                "origin",
                "via",
                "x-api-key",
                "x-goog-api-key",
                "x-litellm-api-key",
                "x-real-ip",
                "x-request-id");

        public RequestEdits {
            set = Map.copyOf(set);
            remove = List.copyOf(remove);
            expectFields(set, remove);
            for (String name : set.keySet()) {
                String lower = name.toLowerCase(Locale.ROOT);
                if (NOT_SENT.contains(lower) || lower.startsWith("x-forwarded-") || lower.indexOf('_') >= 0) {
                    throw new IllegalArgumentException("set: " + name
                            + " does not go from here to a backend (expected: another field; a backend's own headers and"
                            + " api_key stand in its block)");
                }
            }
        }
    }

    /**
     * What changes in an answer.
     *
     * @param set fields by their names, in the place of a backend's own
     * @param remove fields that do not go on
     */
    public record ResponseEdits(
            @Default("{}") Map<String, String> set,
            @Default("[]") List<String> remove) {
        public ResponseEdits {
            set = Map.copyOf(set);
            remove = List.copyOf(remove);
            expectFields(set, remove);
        }
    }

    private static void expectFields(Map<String, String> set, List<String> remove) {
        Set<String> names = new HashSet<>();
        set.forEach((name, value) -> {
            expectField("set", name, value);
            names.add(name.toLowerCase(Locale.ROOT));
        });
        for (String name : remove) {
            expectField("remove", name, "");
            if (names.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("remove: " + name + " is set as well");
            }
        }
    }

    private static void expectField(String key, String name, String value) {
        try {
            new Headers().add(name, value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + ": " + name + " is no header, or its value is none", e);
        }
        if (HopByHop.contains(name)) {
            throw new IllegalArgumentException(
                    key + ": " + name + " belongs to the connection (expected: another field)");
        }
    }
}
