package dev.weir.server.diagnosis;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The models of a gateway's list, and what they seem to be good for: metadata says it, else the name gives a hint.
 *
 * @param embedders those that say or seem to make embeddings
 * @param others the rest
 */
record OfferedModels(List<String> embedders, List<String> others) {
    static final OfferedModels NONE = new OfferedModels(List.of(), List.of());

    private static final Pattern EMBEDDER = Pattern.compile(
            "(?i)(?:^|[^a-z])(?:emb|embed|embedding|embeddings|minilm|bge|gte|e5|nomic|mxbai|arctic)(?:$|[^a-z])");

    /** Models that answer no chat, whatever else they do. */
    private static final Pattern NO_CHAT = Pattern.compile("(?i)whisper|rerank|tts|dall-e|stable-diffusion|flux");

    static OfferedModels of(JsonNode list) {
        List<String> embedders = new ArrayList<>();
        List<String> named = new ArrayList<>();
        List<String> others = new ArrayList<>();
        for (JsonNode model : list.path("data")) {
            String id = model.path("id").asText();
            if (id.isEmpty()) {
                continue;
            }
            if (model.path("metadata").has("dimensions")) {
                embedders.add(id);
            } else if (EMBEDDER.matcher(id).find()) {
                named.add(id);
            } else {
                others.add(id);
            }
        }
        embedders.addAll(named);
        return new OfferedModels(List.copyOf(embedders), List.copyOf(others));
    }

    boolean isEmpty() {
        return embedders.isEmpty() && others.isEmpty();
    }

    int size() {
        return embedders.size() + others.size();
    }

    /** Whom to ask for an embedding: one that seems to make them, else a few of the others. */
    List<String> forEmbeddings(int trials) {
        return embedders.isEmpty() ? others.subList(0, Math.min(trials, others.size())) : embedders.subList(0, 1);
    }

    /** Whom to chat with; null when there is nobody. */
    @Nullable
    String forChat() {
        return others.stream()
                .filter(name -> !NO_CHAT.matcher(name).find())
                .findFirst()
                .orElse(null);
    }
}
