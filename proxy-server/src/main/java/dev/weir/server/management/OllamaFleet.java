package dev.weir.server.management;

import dev.weir.backends.Backend;
import dev.weir.backends.BackendSpec;
import dev.weir.backends.OllamaCall;
import dev.weir.core.Downstream;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.LocalResponse;
import io.netty.channel.EventLoop;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Ollama backends of the configuration in force, and questions to all of them at once. Any thread. */
final class OllamaFleet {
    /** So that one that hangs does not keep the others' answers from those who ask. */
    static final long TIMEOUT_MILLIS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(OllamaFleet.class);

    private final GatewayControl gateway;

    OllamaFleet(GatewayControl gateway) {
        this.gateway = gateway;
    }

    List<Backend> all() {
        return gateway.fleet().current().backends().values().stream()
                .filter(backend -> backend.spec().kind() == BackendSpec.Kind.OLLAMA)
                .toList();
    }

    /** The backend called {@code name}, or all when that is null. */
    List<Backend> named(@Nullable String name) throws GatewayException {
        List<Backend> all = all();
        if (name == null) {
            if (all.isEmpty()) {
                throw new GatewayException(GatewayError.NOT_FOUND, "no backend of the configuration is an Ollama");
            }
            return all;
        }
        return all.stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst()
                .map(List::of)
                .orElseThrow(() -> new GatewayException(
                                GatewayError.NOT_FOUND,
                                "no Ollama of the configuration is called '" + name + "' (there are: "
                                        + String.join(
                                                ", ",
                                                all.stream().map(Backend::name).toList())
                                        + ")")
                        .param("backend"));
    }

    /** Asks each of {@code backends} the same; completed on {@code eventLoop} when all have answered or failed to. */
    static CompletableFuture<Map<Backend, OllamaCall.Answer>> ask(
            Collection<Backend> backends,
            EventLoop eventLoop,
            String method,
            String path,
            @Nullable String json,
            long timeoutMillis) {
        Map<Backend, CompletableFuture<OllamaCall.Answer>> pending = new LinkedHashMap<>();
        for (Backend backend : backends) {
            pending.put(backend, OllamaCall.ask(backend, eventLoop, method, path, json, timeoutMillis));
        }
        return CompletableFuture.allOf(pending.values().toArray(CompletableFuture[]::new))
                .thenApply(done -> {
                    Map<Backend, OllamaCall.Answer> answers = new LinkedHashMap<>();
                    pending.forEach((backend, answer) -> answers.put(backend, answer.join()));
                    return answers;
                });
    }

    /** Answers with what comes of {@code pending}, which is completed on the exchange's event loop. */
    static void answer(CompletableFuture<LocalResponse> pending, Downstream downstream) {
        pending.whenComplete((answer, failure) -> {
            if (failure == null) {
                downstream.respond(answer);
            } else {
                LOG.error("a question of management to backends failed", failure);
                downstream.fail(new GatewayException(GatewayError.INTERNAL, "internal error", failure));
            }
        });
    }
}
