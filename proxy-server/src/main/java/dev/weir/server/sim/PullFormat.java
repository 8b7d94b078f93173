package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/**
 * The progress of {@code /api/pull}, a step a "token"; the model exists when the last line goes out. *Runs on the
 * event loop.*
 */
final class PullFormat implements StreamFormat {
    private static final int STEPS = 20;

    private final SimModel model;
    private final ModelShelf shelf;

    PullFormat(SimModel model, ModelShelf shelf) {
        this.model = model;
        this.shelf = shelf;
    }

    int steps() {
        return STEPS;
    }

    @Override
    public String contentType() {
        return OllamaFormat.NDJSON;
    }

    @Override
    public void begin(Consumer<ByteBuf> sink) {
        sink.accept(status("pulling manifest"));
    }

    @Override
    public void token(int index, Consumer<ByteBuf> sink) {
        String digest = model.digest();
        long size = model.sizeBytes();
        ObjectNode line = Json.object()
                .put("status", "pulling " + digest.substring(0, 12))
                .put("digest", "sha256:" + digest)
                .put("total", size);
        // Ollama leaves out a zero.
        if (index > 0) {
            line.put("completed", index == STEPS - 1 ? size : size / STEPS * index);
        }
        sink.accept(Frames.line(line));
    }

    @Override
    public void end(Timing timing, Consumer<ByteBuf> sink) {
        sink.accept(status("verifying sha256 digest"));
        sink.accept(status("writing manifest"));
        sink.accept(status("removing any unused layers"));
        sink.accept(Frames.line(whole(timing)));
    }

    @Override
    public JsonNode whole(Timing timing) {
        shelf.add(model.name());
        return Json.object().put("status", "success");
    }

    private static ByteBuf status(String text) {
        return Frames.line(Json.object().put("status", text));
    }
}
