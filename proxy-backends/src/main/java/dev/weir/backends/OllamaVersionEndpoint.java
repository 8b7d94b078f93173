package dev.weir.backends;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.LocalResponse;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code GET /api/version}: the oldest version among the Ollama backends, for that is what clients can count on. Open to
 * everybody, so the backends are asked now and then only. Shared by all event loops.
 */
public final class OllamaVersionEndpoint implements Endpoint {
    private static final long ASK_EVERY_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final String UNKNOWN = "0.0.0";

    private final Fleet.Plan plan;
    private volatile String version = UNKNOWN;
    private volatile long askedNanos = System.nanoTime() - ASK_EVERY_NANOS;

    public OllamaVersionEndpoint(Fleet.Plan plan) {
        this.plan = plan;
    }

    @Override
    public void serve(Exchange exchange, Downstream downstream) {
        long now = System.nanoTime();
        if (now - askedNanos < ASK_EVERY_NANOS) {
            answer(downstream);
            return;
        }
        askedNanos = now;
        FanOut.get(plan.backends().values(), exchange.eventLoop(), "/api/version", answers -> {
            version = oldest(answers);
            answer(downstream);
        });
    }

    private void answer(Downstream downstream) {
        downstream.respond(LocalResponse.json(200, "{\"version\":\"" + version + "\"}"));
    }

    private static String oldest(Map<Backend, JsonNode> answers) {
        return answers.values().stream()
                .map(answer -> answer.path("version").asText(""))
                .filter(found -> found.matches("[0-9A-Za-z.+-]{1,64}"))
                .min(Comparator.comparing(OllamaVersionEndpoint::numbers, Arrays::compare))
                .orElse(UNKNOWN);
    }

    private static int[] numbers(String version) {
        return Arrays.stream(version.split("\\D+", 0))
                .filter(number -> !number.isEmpty() && number.length() < 9)
                .mapToInt(Integer::parseInt)
                .toArray();
    }
}
