package dev.weir.core;

import io.netty.buffer.ByteBuf;

/**
 * The end of the way: writes an exchange's answer to the client's connection. Once the client has left, and the answer goes on
 * for others, it drops what comes, takes any amount of it, and leaves the connection alone. Runs on the event loop.
 */
final class ClientStage extends ResponseStage {
    private final ServerExchange exchange;
    private final ClientConnection connection;
    private int status;
    private long headNanos;
    private long bodyBytes;
    private boolean clientGone;

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

    /** The client's connection is gone. */
    void clientLeft() {
        clientGone = true;
    }

    boolean isClientGone() {
        return clientGone;
    }

    private boolean isResponding() {
        return headNanos != 0 && !exchange.hasEnded();
    }

    @Override
    public void writeHead(ResponseHead head) {
        if (clientGone || headNanos != 0 || exchange.hasEnded()) {
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
        if (clientGone) {
            part.release();
            if (last) {
                exchange.endWithoutClient();
            }
            return;
        }
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
        if (!clientGone && !exchange.hasEnded()) {
            connection.writer().flush();
        }
    }

    @Override
    public void fail(GatewayException failure) {
        if (clientGone) {
            exchange.endWithoutClient();
        } else if (isResponding()) {
            exchange.cut(failure);
        } else if (!exchange.hasEnded()) {
            respond(exchange.errorResponse(failure));
        }
    }

    @Override
    public boolean isWritable() {
        return clientGone || connection.writer().isWritable();
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
    boolean outlivesClient() {
        return false;
    }

    @Override
    void ended(Outcome outcome) {
        // The connection has been told already, or told us.
    }
}
