package dev.weir.backends;

import dev.weir.core.Headers;
import java.util.Map;

/**
 * What every request to one backend carries, worked out once: whom it is for, and what the configuration adds.
 *
 * @param basePath before the path of every request
 * @param shownName the backend's name, in answers
 * @param lines field lines, each with its CRLF: Host, the configured ones and the credential
 */
record BackendFields(String basePath, String shownName, String lines) {
    static BackendFields of(BackendSpec spec) {
        StringBuilder lines = new StringBuilder(128);
        if (!isConfigured(spec, "Host")) {
            append(lines, "Host", spec.authority());
        }
        for (Map.Entry<String, String> header : spec.headers().entrySet()) {
            append(lines, header.getKey(), header.getValue());
        }
        if (spec.apiKey() != null && !spec.apiKey().isEmpty() && !isConfigured(spec, "Authorization")) {
            append(lines, "Authorization", "Bearer " + spec.apiKey());
        }
        return new BackendFields(spec.basePath(), FieldText.of(spec.name()), lines.toString());
    }

    /** Whether the configuration sets a field called {@code name}, in the place of a client's. */
    static boolean isConfigured(BackendSpec spec, String name) {
        if (spec.headers().isEmpty()) {
            return false;
        }
        for (String configured : spec.headers().keySet()) {
            if (configured.equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    /** @throws IllegalArgumentException if that were no field line, or more than one */
    private static void append(StringBuilder lines, String name, String value) {
        new Headers().add(name, value);
        lines.append(name).append(": ").append(value).append("\r\n");
    }

    /** The lines hold a secret. */
    @Override
    public String toString() {
        return "BackendFields[" + basePath + "]";
    }
}
