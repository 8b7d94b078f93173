package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.ModelRequest;
import java.nio.charset.StandardCharsets;

/**
 * Makes of a request's pristine body what one target wants to read: its own name of the model, its own names of
 * parameters. Runs for each attempt, so that a retry on a backend of another kind is right too. Everything else travels
 * byte for byte.
 */
enum Preparer {
    OPENAI,

    /** Ollama's {@code /v1} reads {@code max_tokens} only. */
    OLLAMA {
        @Override
        void edit(BodyEdits edits, ModelRequest request, Target target) {
            ModelRequest.Span name = request.maxCompletionTokensName();
            boolean nameFirst =
                    name != null && name.start() < request.modelSpan().start();
            if (name != null && nameFirst) {
                edits.replace(name, MAX_TOKENS);
            }
            super.edit(edits, request, target);
            if (name != null && !nameFirst) {
                edits.replace(name, MAX_TOKENS);
            }
        }
    };

    private static final byte[] MAX_TOKENS = "\"max_tokens\"".getBytes(StandardCharsets.US_ASCII);

    static Preparer of(BackendSpec.Kind kind) {
        return kind == BackendSpec.Kind.OLLAMA ? OLLAMA : OPENAI;
    }

    /** The body for {@code target}. */
    BodyEdits prepare(Exchange exchange, Target target) {
        BodyEdits edits = new BodyEdits(exchange.body());
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (request != null) {
            edit(edits, request, target);
        }
        return edits;
    }

    /** Notes what to change, in the order of the body. */
    void edit(BodyEdits edits, ModelRequest request, Target target) {
        if (!request.model().equals(target.model())) {
            edits.replace(
                    request.modelSpan(),
                    request.json()
                            ? BodyEdits.jsonString(target.model())
                            : target.model().getBytes(StandardCharsets.UTF_8));
        }
    }
}
