package dev.weir.core;

import io.netty.buffer.ByteBuf;

/**
 * One filter's place on the way to the client: passes what comes to the filter, and turns what goes wrong in it into a
 * failure further on. Runs on the event loop.
 */
final class FilterLink implements Downstream {
    private final ServerExchange exchange;
    private final ResponseFilter filter;
    private final Downstream next;
    private boolean headSeen;
    private boolean failed;

    FilterLink(ServerExchange exchange, ResponseFilter filter, Downstream next) {
        this.exchange = exchange;
        this.filter = filter;
        this.next = next;
    }

    ResponseFilter filter() {
        return filter;
    }

    @Override
    public void writeHead(ResponseHead head) {
        if (failed || exchange.hasEnded()) {
            return;
        }
        headSeen = true;
        try {
            filter.onHead(head, next);
        } catch (Exception e) {
            broken(e);
        }
    }

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        if (failed || exchange.hasEnded()) {
            part.release();
            return;
        }
        try {
            filter.onBody(part, last, next);
        } catch (Exception e) {
            if (part.refCnt() > 0) {
                part.release();
            }
            broken(e);
        }
    }

    @Override
    public void flush() {
        next.flush();
    }

    @Override
    public void fail(GatewayException failure) {
        if (failed || exchange.hasEnded()) {
            return;
        }
        if (!headSeen) {
            respond(exchange.errorResponse(failure));
            return;
        }
        try {
            filter.onFailure(failure, next);
        } catch (Exception e) {
            broken(e);
        }
    }

    private void broken(Exception cause) {
        failed = true;
        next.fail(exchange.internalError("response filter " + filter.getClass().getSimpleName(), cause));
    }

    @Override
    public boolean isWritable() {
        return next.isWritable();
    }

    @Override
    public void attach(Upstream upstream) {
        next.attach(upstream);
    }

    @Override
    public void resumeRequest() {
        next.resumeRequest();
    }
}
