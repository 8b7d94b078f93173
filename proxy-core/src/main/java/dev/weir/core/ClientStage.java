package dev.weir.core;

import io.netty.buffer.ByteBuf;

/** The end of the way: writes an exchange's answer to the client's connection. Runs on the event loop. */
final class ClientStage extends ResponseStage {
    private final ServerExchange exchange;
    private final ClientConnection connection;
    private int status;
    private long headNanos;
    private long bodyBytes;

    ClientStage(ServerExchange exchange, ClientConnection connection) {
        this.exchange = exchange;
        this.connection = connection;
    }

    /** The status of the answer that was begun, or 0. */
    int status() {
        return status;
    }

    /** When the answer was begun, by {@link System#nanoTime}; 0 before. */
    long headNanos() {
        return headNanos;
    }

    /** Bytes of body written. */
    long bodyBytes() {
        return bodyBytes;
    }

    private boolean isResponding() {
        return headNanos != 0 && !exchange.hasEnded();
    }

    @Override
    public void writeHead(ResponseHead head) {
        if (headNanos != 0 || exchange.hasEnded()) {
            return;
        }
        headNanos = System.nanoTime();
        status = head.status();
        exchange.responding();
        connection.writeHead(head, exchange);
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        taken = part;
        if (!isResponding()) {
            part.release();
            return;
        }
        bodyBytes += part.readableBytes();
        if (!connection.writer().writeBody(part, last)) {
            fail(new GatewayException(GatewayError.INTERNAL, "the body does not fit its announced length"));
        } else if (last) {
            exchange.answered();
        }
    }

    @Override
    public void flush() {
        if (!exchange.hasEnded()) {
            connection.writer().flush();
        }
    }

    @Override
    public void fail(GatewayException failure) {
        if (isResponding()) {
            exchange.cut(failure);
        } else if (!exchange.hasEnded()) {
            respond(exchange.errorResponse(failure));
        }
    }

    @Override
    public boolean isWritable() {
        return connection.writer().isWritable();
    }

    @Override
    public void attach(Upstream upstream) {
        exchange.attach(upstream);
    }

    @Override
    public void resumeRequest() {
        exchange.resumeRequest();
    }

    @Override
    void ended(Outcome outcome) {
        // The connection has been told already, or told us.
    }
}
