package dev.weir.server.sim;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.TimeUnit;

/**
 * Produces an answer's events at the model's pace: each token has an absolute due time, so that delays do not add up,
 * and nothing is produced while the client takes no bytes. *Runs on the event loop.*
 */
final class TokenStream {
    /** Events of an unpaced stream that go out with one flush before other connections get their turn. */
    private static final int BURST = 16;

    private final Exchange exchange;
    private final StreamFormat format;
    private final int tokens;
    private final int cutAt;
    private final long readyNanos;
    private final long firstNanos;
    private final double nanosPerToken;
    private int next;
    private boolean begun;
    private boolean blocked;

    /**
     * @param tokens how many the format has
     * @param cut whether the stream breaks off in the middle
     * @param firstNanos when the first token is due
     * @param nanosPerToken time between tokens, 0 for as fast as possible
     */
    TokenStream(
            Exchange exchange,
            StreamFormat format,
            int tokens,
            boolean cut,
            long readyNanos,
            long firstNanos,
            double nanosPerToken) {
        this.exchange = exchange;
        this.format = format;
        this.tokens = tokens;
        this.cutAt = cut ? tokens / 2 : -1;
        this.readyNanos = readyNanos;
        this.firstNanos = firstNanos;
        this.nanosPerToken = nanosPerToken;
    }

    static double nanosPerToken(double tokensPerSecond) {
        return tokensPerSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / tokensPerSecond;
    }

    void start() {
        exchange.onWritable(this::resume);
        exchange.at(firstNanos, this::produce);
    }

    private void resume() {
        if (blocked) {
            blocked = false;
            produce();
        }
    }

    private void produce() {
        if (!begun) {
            begun = true;
            exchange.beginStream(format.contentType());
            format.begin(this::write);
        }
        for (int burst = 0; next < tokens; burst++) {
            if (next == cutAt) {
                exchange.cut();
                return;
            }
            if (!exchange.isWritable()) {
                blocked = true;
                exchange.flush();
                return;
            }
            long due = firstNanos + Math.round(next * nanosPerToken);
            if (due - System.nanoTime() > 0) {
                exchange.flush();
                exchange.at(due, this::produce);
                return;
            }
            if (burst == BURST) {
                exchange.flush();
                exchange.execute(this::produce);
                return;
            }
            format.token(next++, this::write);
        }
        format.end(new Timing(exchange.startNanos(), readyNanos, firstNanos, System.nanoTime()), this::write);
        exchange.endStream();
    }

    private void write(ByteBuf event) {
        exchange.event(event);
        if (nanosPerToken > 0) {
            exchange.flush();
        }
    }
}
