package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Answers of {@code /v1/completions}, by OpenAI's rules or Ollama's. *Runs on the event loop.* */
final class CompletionFormat implements StreamFormat {
    private final SimKind kind;
    private final ByteBufAllocator alloc;
    private final Answer answer;
    private final boolean includeUsage;
    private final String id;
    private final long created = Instant.now().getEpochSecond();
    private final JsonTemplate token;

    CompletionFormat(SimKind kind, ByteBufAllocator alloc, Answer answer, boolean includeUsage) {
        this.kind = kind;
        this.alloc = alloc;
        this.answer = answer;
        this.includeUsage = includeUsage;
        this.id = kind == SimKind.OLLAMA ? Ids.small("cmpl-") : Ids.next("cmpl-");
        this.token = JsonTemplate.data(chunk(JsonTemplate.HOLE, null));
    }

    @Override
    public String contentType() {
        return kind.eventStreamType();
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        sink.accept(token.fill(alloc, answer.tokens().get(index)));
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        sink.accept(Frames.data(chunk("", answer.finish().word())));
        if (includeUsage) {
            ObjectNode last = head();
            last.putArray("choices");
            sink.accept(Frames.data(last.set("usage", Usage.plain(answer))));
        }
        sink.accept(Frames.done());
    }

    @Override
    public JsonNode whole(Timing timing) {
        ObjectNode body = head();
        choice(body, answer.text(), answer.finish().word());
        return body.set("usage", Usage.plain(answer));
    }

    private ObjectNode head() {
        return Json.object()
                .put("id", id)
                .put("object", "text_completion")
                .put("created", created)
                .put("model", answer.model())
                .put(
                        "system_fingerprint",
                        kind == SimKind.OLLAMA ? OllamaV1ChatFormat.FINGERPRINT : OpenAiChatFormat.FINGERPRINT);
    }

    private ObjectNode chunk(String text, @Nullable String finish) {
        ObjectNode chunk = head();
        choice(chunk, text, finish);
        if (includeUsage) {
            // Ollama sends zeros here (middleware/openai.go), OpenAI null.
            chunk.set("usage", kind == SimKind.OLLAMA ? Usage.plain(0, 0) : null);
        }
        return chunk;
    }

    private void choice(ObjectNode body, String text, @Nullable String finish) {
        ObjectNode choice =
                body.putArray("choices").addObject().put("text", text).put("index", 0);
        if (kind == SimKind.OPENAI) {
            choice.putNull("logprobs");
        }
        choice.put("finish_reason", finish);
    }
}
