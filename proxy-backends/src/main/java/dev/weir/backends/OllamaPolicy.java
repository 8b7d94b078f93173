package dev.weir.backends;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.weir.core.ModelRequest.Span;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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

    /**
     * Bytes to put in the place of others in a body; an empty span inserts.
     *
     * @param text ASCII
     */
    record Edit(Span span, String text) {
        byte[] bytes() {
            return text.getBytes(StandardCharsets.US_ASCII);
        }
    }

    public OllamaPolicy {
        if (defaultContextLength != null && maxContextLength != null && defaultContextLength > maxContextLength) {
            throw new IllegalArgumentException(
                    "num_ctx: " + defaultContextLength + " (expected: <= " + maxContextLength + ")");
        }
    }

    /** Whether bodies have to be looked into where the model is loaded with {@code loadedContextLength}, 0 for unknown. */
    boolean isActive(int loadedContextLength) {
        return loadedContextLength > 0 || defaultContextLength != null || maxContextLength != null || keepAlive != null;
    }

    /**
     * What to change in the body of a request for {@code /api/chat}, {@code /api/generate}, {@code /api/embed} or {@code
     * /api/embeddings}, in the order of the body. Borrows the body, which was found to be one JSON object, and moves no
     * index.
     *
     * @param loadedContextLength what the model is loaded with on the backend, or 0
     */
    List<Edit> edits(ByteBuf body, int loadedContextLength) {
        if (!isActive(loadedContextLength)) {
            return List.of();
        }
        OllamaOptionsScan found = OllamaOptionsScan.of(body);
        List<Edit> edits = new ArrayList<>(2);
        Long wanted = contextLength(found.contextLength(), loadedContextLength);
        StringBuilder added = new StringBuilder();
        if (wanted != null && !wanted.equals(found.contextLength())) {
            if (found.contextLengthSpan() != null) {
                edits.add(new Edit(found.contextLengthSpan(), wanted.toString()));
            } else if (found.inOptions() != null) {
                String comma = found.optionsEmpty() ? "" : ",";
                edits.add(new Edit(found.inOptions(), "\"num_ctx\":" + wanted + comma));
            } else if (found.nullOptions() != null) {
                edits.add(new Edit(found.nullOptions(), "{\"num_ctx\":" + wanted + "}"));
            } else {
                added.append("\"options\":{\"num_ctx\":").append(wanted).append("},");
            }
        }
        if (keepAlive != null) {
            if (found.keepAliveSpan() != null) {
                edits.add(new Edit(found.keepAliveSpan(), json(keepAlive)));
            } else {
                added.append("\"keep_alive\":").append(json(keepAlive)).append(',');
            }
        }
        if (!added.isEmpty()) {
            edits.add(new Edit(found.inBody(), added.toString()));
        }
        edits.sort(Comparator.comparingInt(edit -> edit.span().start()));
        return edits;
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
            body.append(",\"options\":{\"num_ctx\":").append(defaultContextLength).append('}');
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
