package dev.weir.server.management;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.backends.OllamaCall;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A pull on one backend: reads its lines of progress (Ollama docs/api.md, "Pull a Model"). Runs on the event loop. */
final class PullPart implements OllamaCall.Receiver {
    private static final int MAX_LINE_BYTES = 64 * 1024;

    private final ModelPull pull;
    private final Backend backend;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    private @Nullable OllamaCall call;
    private int status;
    private boolean success;
    private boolean ended;
    private @Nullable String error;

    PullPart(ModelPull pull, Backend backend) {
        this.pull = pull;
        this.backend = backend;
    }

    void start(EventLoop eventLoop, String model) {
        String json = JsonNodeFactory.instance
                .objectNode()
                .put("model", model)
                .put("stream", true)
                .toString();
        call = OllamaCall.send(backend, eventLoop, "POST", "/api/pull", json, 0, this);
    }

    boolean succeeded() {
        return success && error == null;
    }

    /** What became of it. */
    ObjectNode result() {
        ObjectNode result = JsonNodeFactory.instance
                .objectNode()
                .put("name", backend.name())
                .put("status", succeeded() ? "success" : "error");
        return succeeded() ? result : result.put("error", error);
    }

    void setReading(boolean reading) {
        if (call != null) {
            call.setReading(reading);
        }
    }

    void cancel() {
        if (call != null) {
            call.cancel();
        }
    }

    @Override
    public void onHead(int answered) {
        status = answered;
    }

    @Override
    public void onPart(ByteBuf part) {
        for (int i = part.readerIndex(); i < part.writerIndex(); i++) {
            byte octet = part.getByte(i);
            if (octet == '\n') {
                lineEnded();
            } else if (line.size() < MAX_LINE_BYTES) {
                line.write(octet);
            }
        }
    }

    private void lineEnded() {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (text.isBlank()) {
            return;
        }
        JsonNode read = HostedModels.read(text);
        if (status == 200 && read instanceof ObjectNode progress) {
            if (progress.has("error")) {
                error = progress.path("error").asText();
                return;
            }
            success |= progress.path("status").asText().equals("success");
            pull.progress(JsonNodeFactory.instance
                    .objectNode()
                    .put("backend", backend.name())
                    .setAll(progress));
        } else {
            error = ModelsEndpoints.reason(new OllamaCall.Answer(status, text));
        }
    }

    @Override
    public void onReadComplete() {
        pull.readComplete();
    }

    @Override
    public void onEnd() {
        lineEnded();
        if (!success && error == null) {
            error = status == 200 ? "it ended without saying that it succeeded" : "it answered " + status;
        }
        end();
    }

    @Override
    public void onFailure(String reason) {
        error = reason;
        end();
    }

    /** Tells of an error, and that this part is through. */
    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        backend.refresh();
        if (error != null) {
            pull.progress(JsonNodeFactory.instance
                    .objectNode()
                    .put("backend", backend.name())
                    .put("status", "error")
                    .put("error", error));
        }
        pull.ended();
    }
}
