package dev.weir.backends;

import dev.weir.core.Exchange;
import dev.weir.core.ModelRequest;
import dev.weir.core.ModelRequest.Span;
import dev.weir.core.ModelRequest.StreamOptions;
import dev.weir.core.TokenUsage;
import java.nio.charset.StandardCharsets;

/**
 * Makes of a request's pristine body what one target wants to read: its own name of the model, its own names of
 * parameters, the question how many tokens a stream took. Runs for each attempt, so that a retry on a backend of another kind
 * is right too. Everything else travels byte for byte.
 */
enum Preparer {
    OPENAI,

    /** Ollama's {@code /v1} reads {@code max_tokens} only. */
    OLLAMA {
        @Override
        void edit(BodyEdits edits, ModelRequest request, Target target) {
            super.edit(edits, request, target);
            Span name = request.maxCompletionTokensName();
            if (name != null) {
                edits.replace(name, MAX_TOKENS);
            }
        }
    };

    private static final byte[] MAX_TOKENS = ascii("\"max_tokens\"");
    private static final byte[] INPUT = ascii("\"input\"");
    private static final byte[] TRUE = ascii("true");
    private static final byte[] INCLUDE_USAGE = ascii("\"include_usage\":true");
    private static final byte[] INCLUDE_USAGE_FIRST = ascii("\"include_usage\":true,");
    private static final byte[] OPTIONS = ascii("{\"include_usage\":true}");
    private static final byte[] STREAM_OPTIONS = ascii(",\"stream_options\":{\"include_usage\":true}");

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    static Preparer of(BackendSpec.Kind kind) {
        return kind == BackendSpec.Kind.OLLAMA ? OLLAMA : OPENAI;
    }

    /** The body for {@code target}. */
    BodyEdits prepare(Exchange exchange, Target target) {
        BodyEdits edits = new BodyEdits(exchange.body());
        ModelRequest request = exchange.get(ModelRequest.KEY);
        if (request != null) {
            edit(edits, request, target);
            PromptName prompt = exchange.get(PromptName.KEY);
            if (prompt != null
                    && !prompt.isTakenBy().test(target.backend().name())
                    && !UpstreamPath.pathOf(exchange).startsWith("/api/")) {
                edits.replace(prompt.span(), INPUT);
            }
            TokenUsage usage = exchange.get(TokenUsage.KEY);
            if (usage != null && usage.isWanted() && tellsUsageWhenAsked(exchange, request)) {
                askForUsage(edits, request, usage);
            }
        }
        return edits;
    }

    /** Notes what to change. */
    void edit(BodyEdits edits, ModelRequest request, Target target) {
        byte[] name = request.json() ? target.quotedModel() : target.model().getBytes(StandardCharsets.UTF_8);
        if (!request.model().equals(target.model()) || !isWritten(edits, request, target.model(), name)) {
            edits.replace(request.modelSpan(), name);
        }
    }

    /** Whether the body says {@code model}, and not another spelling of the name that the request is known by. */
    private static boolean isWritten(BodyEdits edits, ModelRequest request, String model, byte[] name) {
        return edits.holds(request.modelSpan(), name)
                || (request.json() && edits.textAt(request.modelSpan()).equals(model));
    }

    /** Whether the answer is a stream in the form of OpenAI's chat/completions or completions. */
    private static boolean tellsUsageWhenAsked(Exchange exchange, ModelRequest request) {
        return request.stream() && request.json() && exchange.request().path().endsWith("/completions");
    }

    private static void askForUsage(BodyEdits edits, ModelRequest request, TokenUsage usage) {
        StreamOptions options = request.streamOptions();
        if (options == null) {
            edits.replace(new Span(request.modelSpan().end(), 0), STREAM_OPTIONS);
            usage.requested();
            return;
        }
        byte[] replacement = switch (options.includeUsage()) {
            case OFF -> TRUE;
            case UNSAID -> INCLUDE_USAGE_FIRST;
            case EMPTY -> INCLUDE_USAGE;
            case NULL -> OPTIONS;
            case ON, UNKNOWN -> null;
        };
        if (replacement != null) {
            edits.replace(options.span(), replacement);
            usage.requested();
        }
    }
}
