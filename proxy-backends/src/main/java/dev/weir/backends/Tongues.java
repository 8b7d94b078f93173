package dev.weir.backends;

import dev.weir.backends.translate.Translation;
import dev.weir.core.Exchange;
import dev.weir.core.InputToPrompt;
import dev.weir.core.ResponseHead;
import org.jspecify.annotations.Nullable;

/** Which of a client's requests a backend does not understand as they are. */
final class Tongues {
    private Tongues() {}

    /** What to tell {@code backend} the request of {@code exchange} with, or null if it speaks the client's API. */
    static @Nullable Translation between(Exchange exchange, Backend backend) {
        String path = UpstreamPath.pathOf(exchange);
        if (backend.spec().kind() == BackendSpec.Kind.OPENAI) {
            return path.startsWith("/api/") ? Translation.toOpenAi(path, backend.name()) : null;
        }
        return backend.isWithoutV1() && !isAskedTextByText(exchange)
                ? Translation.toOllama(path, backend.name())
                : null;
    }

    /** Embeddings for an old Ollama are asked for by its oldest endpoint, which all have, when {@code transform} is there. */
    private static boolean isAskedTextByText(Exchange exchange) {
        return exchange.get(InputToPrompt.KEY) != null
                && UpstreamPath.pathOf(exchange).endsWith("/embeddings");
    }

    /** Whether {@code head} says that an Ollama knows nothing of {@code /v1}: a 404 in plain text, not of a model. */
    static boolean isWithoutV1(ResponseHead head, Exchange exchange, Backend backend) {
        if (head.status() != 404) {
            return false;
        }
        String type = head.headers().get("Content-Type");
        return backend.spec().kind() == BackendSpec.Kind.OLLAMA
                && type != null
                && type.startsWith("text/plain")
                && !isAskedTextByText(exchange)
                && Translation.toOllama(UpstreamPath.pathOf(exchange), backend.name()) != null;
    }
}
