package dev.weir.backends.embeddings;

import dev.weir.backends.PromptName;
import dev.weir.core.Downstream;
import dev.weir.core.Endpoint;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.ResponseHead;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * One request for embeddings as several calls, each of which is balanced, retried and counted like a request of its own, and
 * one answer. A few calls run at once, the next when one has ended. The first error is the answer to the whole: the other
 * calls are stopped, as all are when the client leaves. Nothing is sent before all have answered. Runs on the event loop.
 */
final class FanOut implements Upstream {
    /** So that one client does not take every slot of a fleet. */
    private static final int MAX_PARALLEL = 8;

    private final Exchange exchange;
    private final Downstream downstream;
    private final Endpoint byModel;
    private final Parts parts;
    private final String path;
    private final PromptName prompt;
    private final MergedEmbeddings merged;
    private final Set<PartCall> running = new HashSet<>();
    private int begun;
    private int answered;
    private boolean over;

    /**
     * @param byModel who answers each part
     * @param path the endpoint that takes {@code prompt}
     * @param takesPrompt whether a backend, by its name, takes it in OpenAI's API
     */
    FanOut(
            Exchange exchange,
            Downstream downstream,
            Endpoint byModel,
            Parts parts,
            String path,
            Predicate<String> takesPrompt) {
        this.exchange = exchange;
        this.downstream = downstream;
        this.byModel = byModel;
        this.parts = parts;
        this.path = path;
        this.prompt = new PromptName(parts.promptName(), takesPrompt);
        this.merged = new MergedEmbeddings(parts);
    }

    void start() {
        downstream.attach(this);
        beginMore();
    }

    private void beginMore() {
        while (!over && running.size() < MAX_PARALLEL && begun < parts.size()) {
            int index = begun++;
            PartCall call = new PartCall(this, index, parts.body(index));
            running.add(call);
            PartExchange part = new PartExchange(exchange, path, parts.partRequest(), prompt, call.request(), call);
            try {
                byModel.serve(part, call);
            } catch (GatewayException e) {
                call.fail(e);
            } catch (Exception e) {
                call.fail(new GatewayException(GatewayError.INTERNAL, "a part of the request could not be sent", e));
            }
        }
    }

    /** A part has its answer. Borrows {@code body}. */
    void answered(PartCall call, ResponseHead head, ByteBuf body) {
        running.remove(call);
        if (over) {
            return;
        }
        if (head.status() != 200) {
            stop();
            downstream.respond(MergedEmbeddings.refusal(exchange.route().dialect(), head, body));
            return;
        }
        try {
            merged.add(call.index(), head, body);
        } catch (IOException e) {
            failed(new GatewayException(
                    GatewayError.BACKEND_FAILED, "a backend answered with something that is no embedding", e));
            return;
        } catch (GatewayException e) {
            failed(e);
            return;
        }
        if (++answered == parts.size()) {
            over = true;
            downstream.respond(merged.answer());
        } else {
            beginMore();
        }
    }

    /** A part cannot be answered, and so the whole cannot. */
    void failed(GatewayException failure) {
        if (!over) {
            stop();
            downstream.fail(failure);
        }
    }

    private void stop() {
        over = true;
        for (PartCall call : Set.copyOf(running)) {
            call.stop();
        }
        running.clear();
    }

    @Override
    public void cancel() {
        stop();
    }
}
