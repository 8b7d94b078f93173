package dev.weir.server.sim;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.Faults.Fault;
import java.util.function.Function;
import java.util.function.LongConsumer;

/** Runs models for all APIs: waits for a slot and for loading, then produces. *Any thread*; runs on the exchange's loop. */
final class Engine {
    private final SimOptions options;
    private final SimStats stats;
    private final ModelShelf shelf;
    private final Faults faults;
    private final double nanosPerToken;

    Engine(SimOptions options, SimStats stats) {
        this.options = options;
        this.stats = stats;
        this.shelf = new ModelShelf(options, System::nanoTime);
        this.faults = new Faults(options.seed(), options.errorRate());
        this.nanosPerToken = TokenStream.nanosPerToken(options.tokensPerSecond());
    }

    SimOptions options() {
        return options;
    }

    ModelShelf shelf() {
        return shelf;
    }

    /** @throws SimError with status 404 for a model this server has not, 400 when none is named */
    SimModel model(JsonNode name) {
        if (!name.isTextual() || name.textValue().isBlank()) {
            throw SimError.missing("model");
        }
        SimModel model = shelf.find(name.textValue());
        if (model == null) {
            throw SimError.modelNotFound(options.kind(), name.textValue());
        }
        return model;
    }

    /** @throws SimError as {@link #model}, and with status 400 for a model that only embeds */
    SimModel languageModel(JsonNode name) {
        SimModel model = model(name);
        if (model.embedding()) {
            throw new SimError(400, "\"" + name.textValue() + "\" does not support chat", "model", null);
        }
        return model;
    }

    /** Generates an answer, and streams it or sends it whole when its last token would have been made. */
    void generate(
            Exchange exchange, SimModel model, Slot.Wish wish, Answer answer, StreamFormat format, boolean streamed) {
        int tokens = answer.tokens().size();
        if (!streamed) {
            long evalNanos = Math.round(Math.max(0, tokens - 1) * nanosPerToken);
            run(exchange, model, wish, evalNanos, timing -> Json.bytes(format.whole(timing)));
            return;
        }
        boolean cut = drawFault() == Fault.CUT;
        whenReady(exchange, model, wish, readyNanos -> {
            long firstNanos = readyNanos + options.timeToFirstToken().toNanos();
            new TokenStream(exchange, format, tokens, cut, readyNanos, firstNanos, nanosPerToken).start();
        });
    }

    /** Runs a model for something that is no text, and answers with its JSON. */
    void compute(Exchange exchange, SimModel model, Slot.Wish wish, Function<Timing, byte[]> result) {
        run(exchange, model, wish, 0, result);
    }

    private void run(
            Exchange exchange, SimModel model, Slot.Wish wish, long evalNanos, Function<Timing, byte[]> result) {
        boolean cut = drawFault() == Fault.CUT;
        whenReady(exchange, model, wish, readyNanos -> {
            long firstNanos = readyNanos + options.timeToFirstToken().toNanos();
            exchange.at(firstNanos + evalNanos, () -> {
                byte[] body =
                        result.apply(new Timing(exchange.startNanos(), readyNanos, firstNanos, System.nanoTime()));
                if (cut) {
                    exchange.replyCut(body);
                } else {
                    exchange.reply(200, body);
                }
            });
        });
    }

    /** Waits for a slot and for the model to be loaded; the slot is held until the exchange ends. */
    void whenReady(Exchange exchange, SimModel model, Slot.Wish wish, LongConsumer ready) {
        Slot slot = shelf.acquire(
                model,
                wish,
                granted -> exchange.execute(() -> {
                    long readyNanos = Math.max(System.nanoTime(), granted.readyAtNanos());
                    ready.accept(readyNanos);
                }));
        exchange.onEnd(() -> shelf.release(slot));
    }

    private Fault drawFault() {
        Fault fault = faults.next();
        if (fault != Fault.NONE) {
            stats.requestFailed();
        }
        if (fault == Fault.REFUSE_500) {
            throw new SimError(500, "simulated failure: an error was encountered while running the model");
        }
        if (fault == Fault.REFUSE_503) {
            throw new SimError(503, "simulated failure: server busy, please try again");
        }
        return fault;
    }
}
