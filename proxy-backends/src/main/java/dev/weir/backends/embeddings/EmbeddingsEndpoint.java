package dev.weir.backends.embeddings;

import dev.weir.backends.BackendGroup;
import dev.weir.backends.BackendSpec;
import dev.weir.backends.ModelCatalog;
import dev.weir.backends.Target;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.InputToPrompt;
import dev.weir.core.ModelRequest;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stands before the endpoint for models and turns {@code "input"} into {@code "prompt"} where the server behind takes that,
 * if the exchange has the leave ({@link InputToPrompt}):
 *
 * <ul>
 *   <li>a request for Ollama's own {@code /api/embeddings} that brings {@code input};
 *   <li>a request for {@code /v1/embeddings} to a model on an Ollama that has no such endpoint: it is told by its 404, which
 *       is then remembered for a while, and asked at {@code /api/embeddings};
 *   <li>a request for {@code /v1/embeddings} to backends whose configuration says {@code embeddings: prompt}.
 * </ul>
 *
 * One text on Ollama's own path is a change of one name. Everything else is a {@link FanOut}: one call for each text, one
 * answer in OpenAI's form. Other requests pass untouched. Shared by all event loops.
 */
public final class EmbeddingsEndpoint implements Endpoint {
    static final String OLLAMA_PATH = "/api/embeddings";
    static final String OPENAI_PATH = "/v1/embeddings";
    private static final String SHORT_PATH = "/embeddings";

    /** An Ollama that was too old may have been replaced since; its old endpoint still works then. */
    private static final long REMEMBERED_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final ModelCatalog catalog;
    private final Endpoint byModel;
    private final Set<String> promptBackends;
    private final Map<String, Long> withoutOpenAi = new ConcurrentHashMap<>();

    /**
     * @param byModel who answers requests for a model
     * @param promptBackends the backends whose endpoint for embeddings takes {@code prompt}, by name
     */
    public EmbeddingsEndpoint(ModelCatalog catalog, Endpoint byModel, Set<String> promptBackends) {
        this.catalog = catalog;
        this.byModel = byModel;
        this.promptBackends = Set.copyOf(promptBackends);
    }

    @Override
    public boolean needsBody() {
        return byModel.needsBody();
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) throws Exception {
        String path = exchange.request().path();
        ModelRequest request = path.endsWith(SHORT_PATH) ? exchange.get(ModelRequest.KEY) : null;
        if (request == null || !request.json() || exchange.get(InputToPrompt.KEY) == null) {
            byModel.serve(exchange, downstream);
        } else if (path.equals(OLLAMA_PATH)) {
            serveOllama(exchange, downstream, request);
        } else if (path.equals(OPENAI_PATH) || path.equals(SHORT_PATH)) {
            serveOpenAi(exchange, downstream, request);
        } else {
            byModel.serve(exchange, downstream);
        }
    }

    private void serveOllama(Exchange exchange, Downstream downstream, ModelRequest request) throws Exception {
        EmbeddingsRequest embeddings = EmbeddingsRequest.of(exchange.body(), request);
        if (!embeddings.hasInput() || embeddings.hasPrompt()) {
            byModel.serve(exchange, downstream);
        } else if (embeddings.isOneText() && !embeddings.hasEncodingFormat()) {
            exchange.replaceBody(embeddings.renamed());
            byModel.serve(exchange, downstream);
        } else {
            fanOut(exchange, downstream, embeddings, OLLAMA_PATH);
        }
    }

    private void serveOpenAi(Exchange exchange, Downstream downstream, ModelRequest request) throws Exception {
        BackendGroup group = catalog.find(request.model());
        String promptPath = group == null ? null : promptPath(group);
        if (promptPath != null) {
            fanOut(exchange, downstream, EmbeddingsRequest.of(exchange.body(), request), promptPath);
        } else if (group != null && hasOllama(group)) {
            MissingEndpointFilter filter = new MissingEndpointFilter(this, exchange, request);
            byModel.serve(exchange, exchange.filterResponse(filter));
        } else {
            byModel.serve(exchange, downstream);
        }
    }

    /**
     * Where a group is asked with {@code prompt}, or null when all its targets take {@code input}. Those of another kind are told
     * in their own way, each attempt by itself.
     */
    private @Nullable String promptPath(BackendGroup group) {
        String path = null;
        for (Target target : group.targets()) {
            if (takesPrompt(target.backend().name())) {
                if (target.backend().spec().kind() != BackendSpec.Kind.OLLAMA) {
                    return OPENAI_PATH;
                }
                // Every Ollama has the old endpoint, whatever its age.
                path = OLLAMA_PATH;
            }
        }
        return path;
    }

    private boolean takesPrompt(String backend) {
        if (promptBackends.contains(backend)) {
            return true;
        }
        Long until = withoutOpenAi.get(backend);
        return until != null && System.nanoTime() - until < 0;
    }

    private static boolean hasOllama(BackendGroup group) {
        for (Target target : group.targets()) {
            if (target.backend().spec().kind() == BackendSpec.Kind.OLLAMA) {
                return true;
            }
        }
        return false;
    }

    /** {@code backend} has no {@code /v1/embeddings}: asks it, and from now on its likes, in the old way. */
    void endpointIsMissing(Exchange exchange, Downstream downstream, ModelRequest request, String backend)
            throws GatewayException {
        withoutOpenAi.put(backend, System.nanoTime() + REMEMBERED_NANOS);
        fanOut(exchange, downstream, EmbeddingsRequest.of(exchange.body(), request), OLLAMA_PATH);
    }

    private void fanOut(Exchange exchange, Downstream downstream, EmbeddingsRequest embeddings, String path)
            throws GatewayException {
        new FanOut(exchange, downstream, byModel, embeddings.parts(), path, this::takesPrompt).start();
    }
}
