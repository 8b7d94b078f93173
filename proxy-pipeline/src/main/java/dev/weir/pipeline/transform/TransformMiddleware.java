package dev.weir.pipeline.transform;

import dev.weir.core.Dialect;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.InputToPrompt;
import dev.weir.core.Middleware;
import dev.weir.core.ModelProfile;
import dev.weir.core.ModelProfiles;
import dev.weir.core.ModelRequest;
import dev.weir.core.Verdict;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Changes requests and answers as the configuration says: parameters of models in the body, header fields, and the leave to
 * turn {@code input} into {@code prompt}, which the endpoint for embeddings makes use of. Stands last, so that caches and
 * audits see what the client sent.
 *
 * <p>A body is looked into only when its model has parameters, and replaced only when they change something. Shared by all
 * event loops.
 */
final class TransformMiddleware implements Middleware {
    private final boolean inputToPrompt;
    private final HeaderEdits request;
    private final HeaderEdits response;
    private final ModelProfiles models;
    private final Map<String, Compiled> compiled = new ConcurrentHashMap<>();

    TransformMiddleware(TransformSettings settings, ModelProfiles models) {
        this.inputToPrompt = settings.inputToPrompt();
        this.request = new HeaderEdits(
                settings.headers().request().set(), settings.headers().request().remove());
        this.response = new HeaderEdits(
                settings.headers().response().set(),
                settings.headers().response().remove());
        this.models = models;
    }

    /**
     * The rules made of a profile.
     *
     * @param profile what they were made of; a reload brings another
     */
    private record Compiled(ModelProfile profile, ParameterRules rules) {}

    @Override
    public boolean needsBody(Exchange exchange) {
        return exchange.route().requestReader() != null;
    }

    @Override
    public Verdict onRequest(Exchange exchange) throws GatewayException {
        request.apply(exchange.request().headers());
        if (!response.isEmpty()) {
            exchange.filterResponse(response);
        }
        ModelRequest model = exchange.get(ModelRequest.KEY);
        if (model != null && model.json()) {
            if (inputToPrompt) {
                exchange.set(InputToPrompt.KEY, InputToPrompt.ALLOWED);
            }
            ParameterRules rules = rules(model.model());
            if (rules != null) {
                apply(rules, exchange);
            }
        }
        return Verdict.PROCEED;
    }

    private static void apply(ParameterRules rules, Exchange exchange) throws GatewayException {
        Splices splices = rules.apply(exchange.body(), exchange.route().dialect() == Dialect.OLLAMA);
        if (!splices.isEmpty()) {
            ByteBuf changed = splices.apply();
            exchange.replaceBody(changed);
        }
    }

    /** The rules for {@code model}, or null when nothing is said about its parameters. */
    @SuppressWarnings("ReferenceEquality") // A profile lives until a reload brings another one.
    private @Nullable ParameterRules rules(String model) {
        ModelProfile profile = models.of(model);
        if (profile.defaults().isEmpty()
                && profile.caps().isEmpty()
                && profile.drops().isEmpty()) {
            return null;
        }
        Compiled known = compiled.get(model);
        if (known == null || known.profile != profile) {
            known = new Compiled(profile, ParameterRules.of(profile));
            compiled.put(model, known);
        }
        return known.rules;
    }
}
