package dev.weir.core;

import io.netty.buffer.ByteBuf;

/**
 * One filter's place on the way to the client: passes what comes to the filter, and turns what goes wrong in it into a
 * failure further on. Runs on the event loop.
 */
final class FilterLink extends ResponseStage {
    private final ServerExchange exchange;
    private final ResponseFilter filter;
    private final ResponseStage next;
    private boolean headSeen;
    private boolean failed;

    FilterLink(ServerExchange exchange, ResponseFilter filter, ResponseStage next) {
        this.exchange = exchange;
        this.filter = filter;
        this.next = next;
    }

    @Override
    public void writeHead(ResponseHead head) {
        if (failed || exchange.hasEnded()) {
            return;
        }
        headSeen = true;
        try {
            filter.onHead(head, next);
        } catch (Throwable e) {
            broken("head", e);
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // The very same buffer, not one of the same bytes.
    public void writeBody(ByteBuf part, boolean last) {
        taken = part;
        if (failed || exchange.hasEnded()) {
            part.release();
            return;
        }
        next.taken = null;
        try {
            filter.onBody(part, last, next);
        } catch (Throwable e) {
            if (next.taken != part && part.refCnt() > 0) {
                part.release();
            }
            broken("body", e);
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
        if (!headSeen && !filter.hasBegun()) {
            respond(exchange.errorResponse(failure));
            return;
        }
        failed = true;
        try {
            filter.onFailure(failure, next);
        } catch (Throwable e) {
            broken("failure", e);
        }
    }

    private void broken(String where, Throwable cause) {
        failed = true;
        next.fail(
                exchange.internalError(where + " in filter " + filter.getClass().getSimpleName(), cause));
    }

    @Override
    public boolean isWritable() {
        return filter.isWritable(next);
    }

    @Override
    boolean outlivesClient() {
        return isWanted() || next.outlivesClient();
    }

    private boolean isWanted() {
        try {
            return filter.outlivesClient();
        } catch (RuntimeException e) {
            exchange.internalError(
                    "client's leave in filter " + filter.getClass().getSimpleName(), e);
            return false;
        }
    }

    @Override
    public void attach(Upstream upstream) {
        next.attach(upstream);
    }

    @Override
    public void resumeRequest() {
        next.resumeRequest();
    }

    @Override
    void ended(Outcome outcome) {
        endOwn(outcome);
        next.ended(outcome);
    }

    /** Tells this filter alone. */
    void endOwn(Outcome outcome) {
        try {
            filter.onEnd(outcome);
        } catch (RuntimeException e) {
            exchange.internalError("end in filter " + filter.getClass().getSimpleName(), e);
        }
    }
}
