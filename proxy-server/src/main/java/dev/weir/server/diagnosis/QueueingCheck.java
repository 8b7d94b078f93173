package dev.weir.server.diagnosis;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Looks, in the figures of a gateway that runs, for an Ollama inside which requests wait for each other: several are in flight
 * for a model, and the first byte takes much of the time of a whole answer. Blocks the caller's thread.
 */
public final class QueueingCheck {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final long NOTICEABLE_MILLIS = 1_000;

    private QueueingCheck() {}

    /**
     * Nothing when no gateway runs there.
     *
     * @param unbounded the backends of kind ollama for which {@code parallel} is not set
     */
    public static List<Finding> of(String gateway, String key, Set<String> unbounded) {
        HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create(gateway + "/management/backends"))
                    .timeout(PATIENCE)
                    .header("authorization", "Bearer " + key)
                    .build();
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 ? of(JSON.readTree(answer.body()), unbounded) : List.of();
        } catch (IOException | IllegalArgumentException notRunning) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    static List<Finding> of(JsonNode answer, Set<String> unbounded) {
        List<Finding> findings = new ArrayList<>();
        for (JsonNode backend : answer.path("backends")) {
            String name = backend.path("name").asText();
            for (JsonNode model : backend.path("models")) {
                long first = model.path("first_byte_ms").asLong();
                boolean waits = first >= NOTICEABLE_MILLIS
                        && 2 * first >= model.path("service_ms").asLong();
                if (unbounded.contains(name) && model.path("in_flight").asInt() > 1 && waits) {
                    findings.add(Finding.warning(
                            "backend " + name,
                            model.path("in_flight").asInt() + " requests for "
                                    + model.path("name").asText() + " seem to queue inside it: the first byte takes "
                                    + first + " ms",
                            "set parallel: to its OLLAMA_NUM_PARALLEL, so that they wait in Weir, in fair order"));
                }
            }
        }
        return findings;
    }
}
