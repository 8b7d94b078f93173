package dev.weir.backends;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What Weir decides about how Ollama loads a model, so that no client can start a war of reloads: another context length
 * has Ollama load it anew. Immutable; any thread.
 *
 * @param defaultContextLength the context length where a client names none, or null for Ollama's own
 * @param maxContextLength the greatest a client may ask for, or null
 * @param keepAlive how long Ollama keeps it loaded, as Ollama writes it ({@code 10m}, {@code -1} for ever), or null for the
 *     client's choice
 * @param preload whether it is loaded before anybody asks
 */
public record OllamaPolicy(
        @Nullable Integer defaultContextLength,
        @Nullable Integer maxContextLength,
        @Nullable String keepAlive,
        boolean preload) {
    /** Decides nothing but that a loaded context is not made smaller. */
    public static final OllamaPolicy NONE = new OllamaPolicy(null, null, null, false);

    public OllamaPolicy {
        if (defaultContextLength != null && maxContextLength != null && defaultContextLength > maxContextLength) {
            throw new IllegalArgumentException(
                    "num_ctx: " + defaultContextLength + " (expected: <= " + maxContextLength + ")");
        }
    }

    /** Whether bodies have to be looked into where the model is loaded with {@code loadedContextLength}, 0 for unknown. */
    private boolean isActive(int loadedContextLength) {
        return loadedContextLength > 0 || defaultContextLength != null || maxContextLength != null || keepAlive != null;
    }

    /**
     * Changes the body of a request for {@code /api/chat}, {@code /api/generate}, {@code /api/embed} or {@code
     * /api/embeddings}. Borrows the body, which was found to be one JSON object, and moves no index.
     *
     * @param loadedContextLength what the model is loaded with on the backend, or 0
     */
    void edit(BodyEdits edits, ByteBuf body, int loadedContextLength) {
        if (!isActive(loadedContextLength)) {
            return;
        }
        OllamaOptionsScan found = OllamaOptionsScan.of(body);
        Long wanted = contextLength(found.contextLength(), loadedContextLength);
        if (wanted != null && !wanted.equals(found.contextLength())) {
            editContextLength(edits, found, wanted);
        }
        if (keepAlive != null && found.keepAliveSpan() != null) {
            replace(edits, found.keepAliveSpan(), json(keepAlive));
        } else if (keepAlive != null) {
            replace(edits, found.inBody(), "\"keep_alive\":" + json(keepAlive) + ",");
        }
    }

    private static void editContextLength(BodyEdits edits, OllamaOptionsScan found, long wanted) {
        String option = "\"num_ctx\":" + wanted;
        if (found.contextLengthSpan() != null) {
            replace(edits, found.contextLengthSpan(), Long.toString(wanted));
        } else if (found.inOptions() != null) {
            replace(edits, found.inOptions(), found.optionsEmpty() ? option : option + ",");
        } else if (found.nullOptions() != null) {
            replace(edits, found.nullOptions(), "{" + option + "}");
        } else {
            replace(edits, found.inBody(), "\"options\":{" + option + "},");
        }
    }

    private static void replace(BodyEdits edits, Span span, String text) {
        edits.replace(span, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The context length to ask for, or null to leave it to Ollama. */
    private @Nullable Long contextLength(@Nullable Long asked, int loaded) {
        Long wanted = asked;
        if (wanted == null && defaultContextLength != null) {
            wanted = defaultContextLength.longValue();
        }
        if (wanted != null && maxContextLength != null && wanted > maxContextLength) {
            wanted = maxContextLength.longValue();
        }
        // To name another one, or none, may have Ollama load the model anew with less.
        boolean fits = wanted == null ? maxContextLength != null : wanted <= loaded;
        return loaded > 0 && fits ? Long.valueOf(loaded) : wanted;
    }

    /** The body of a request that has Ollama load {@code model} and do nothing else. */
    String preloadBody(String model) {
        StringBuilder body = new StringBuilder("{\"model\":").append(quoted(model));
        if (keepAlive != null) {
            body.append(",\"keep_alive\":").append(json(keepAlive));
        }
        if (defaultContextLength != null) {
            body.append(",\"options\":{\"num_ctx\":")
                    .append(defaultContextLength)
                    .append('}');
        }
        return body.append(",\"stream\":false}").toString();
    }

    /** Ollama reads a duration from a string, and seconds, or for ever, from a number. */
    private static String json(String keepAlive) {
        return keepAlive.matches("-?[0-9]+") ? keepAlive : quoted(keepAlive);
    }

    private static String quoted(String text) {
        return '"' + String.valueOf(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
