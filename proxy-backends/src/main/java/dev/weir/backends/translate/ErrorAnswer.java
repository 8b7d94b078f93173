package dev.weir.backends.translate;

import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayError;
import dev.weir.core.GatewayException;
import dev.weir.core.Outcome;
import dev.weir.core.ResponseFilter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** Tells a backend's error in the client's dialect, under its own status. Runs on the event loop. */
final class ErrorAnswer implements ResponseFilter {
    private final Exchange exchange;
    private final int status;
    private @Nullable ByteBuf error;

    ErrorAnswer(Exchange exchange, int status) {
        this.exchange = exchange;
        this.status = status;
    }

    @Override
    public void onBody(ByteBuf part, boolean last, Downstream next) {
        ByteBuf so = error == null ? PooledByteBufAllocator.DEFAULT.buffer(512) : error;
        error = so;
        so.writeBytes(part, Math.min(part.readableBytes(), ErrorText.MAX_BYTES - so.readableBytes()));
        part.release();
        if (last) {
            String said = ErrorText.of(so);
            GatewayException failure = new GatewayException(
                    status < 500 ? GatewayError.BAD_REQUEST : GatewayError.BACKEND_FAILED,
                    said.isEmpty() ? "the backend answered " + status : said);
            next.writeBody(Unpooled.wrappedBuffer(exchange.route().dialect().body(failure, exchange.id())), true);
        }
    }

    @Override
    public void onEnd(Outcome outcome) {
        if (error != null) {
            error.release();
            error = null;
        }
    }
}
