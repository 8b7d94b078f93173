package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backends.Backend;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Headers;
import dev.weir.core.LocalResponse;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One pull of a model by several Ollamas at once. Their lines of progress go to the client as they come, each naming its
 * backend; a last one says what became of the pull on each. One that fails does not keep the others from going on; a client
 * that leaves stops them all, and an Ollama that is asked again goes on where it was. As NDJSON, or as server-sent events for
 * who accepts those. Runs on the exchange's event loop.
 */
final class ModelPull implements Upstream {
    private final Exchange exchange;
    private final Downstream downstream;
    private final String model;
    private final boolean stream;
    private final boolean events;
    private final List<PullPart> parts = new ArrayList<>();
    private int running;
    private boolean over;

    ModelPull(Exchange exchange, Downstream downstream, String model, List<Backend> backends, boolean stream) {
        this.exchange = exchange;
        this.downstream = downstream;
        this.model = model;
        this.stream = stream;
        String accepted = exchange.request().headers().get("Accept");
        this.events = accepted != null && accepted.contains("text/event-stream");
        backends.forEach(backend -> parts.add(new PullPart(this, backend)));
    }

    void start() {
        downstream.attach(this);
        if (over) {
            return;
        }
        if (stream) {
            Headers fields = new Headers()
                    .add("Content-Type", events ? "text/event-stream; charset=utf-8" : "application/x-ndjson")
                    .add("Cache-Control", "no-cache")
                    .add("X-Accel-Buffering", "no");
            downstream.writeHead(new ResponseHead(200, "OK", fields, ResponseHead.UNKNOWN));
            downstream.flush();
        }
        running = parts.size();
        for (PullPart part : List.copyOf(parts)) {
            part.start(exchange.eventLoop(), model);
        }
    }

    /** A line of progress, which names its backend. */
    void progress(ObjectNode line) {
        if (stream && !over) {
            write(line, false);
        }
    }

    /** A part has read what there was. */
    void readComplete() {
        if (!over) {
            downstream.flush();
            if (!downstream.isWritable()) {
                parts.forEach(part -> part.setReading(false));
            }
        }
    }

    /** A part is through, well or not. */
    void ended() {
        if (over || --running > 0) {
            return;
        }
        over = true;
        ObjectNode summary = summary();
        if (stream) {
            write(summary, true);
            downstream.flush();
        } else {
            boolean failed = summary.path("status").asText().equals("error");
            downstream.respond(LocalResponse.json(failed ? 502 : 200, summary.toString()));
        }
    }

    /** {@code success} when all have it now, {@code partial} when some have, {@code error} when none has. */
    private ObjectNode summary() {
        long succeeded = parts.stream().filter(PullPart::succeeded).count();
        ObjectNode summary = JsonNodeFactory.instance
                .objectNode()
                .put("status", succeeded == parts.size() ? "success" : succeeded > 0 ? "partial" : "error")
                .put("model", model);
        ArrayNode list = summary.putArray("backends");
        parts.forEach(part -> list.add(part.result()));
        if (succeeded == 0) {
            summary.putObject("error")
                    .put("message", "no backend pulled model '" + model + "'")
                    .put("type", "server_error")
                    .putNull("param")
                    .put("code", "upstream_error");
        }
        return summary;
    }

    private void write(ObjectNode line, boolean last) {
        String text = events ? "data: " + line + "\n\n" : line + "\n";
        downstream.writeBody(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)), last);
    }

    @Override
    public void resume() {
        parts.forEach(part -> part.setReading(true));
    }

    @Override
    public void cancel() {
        over = true;
        parts.forEach(PullPart::cancel);
    }
}
