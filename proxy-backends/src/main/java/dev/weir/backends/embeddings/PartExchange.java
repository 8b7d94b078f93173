package dev.weir.backends.embeddings;

import dev.weir.backends.PromptName;
import dev.weir.core.Dispatch;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.Key;
import dev.weir.core.ModelRequest;
import dev.weir.core.Progress;
import dev.weir.core.RequestHead;
import dev.weir.core.ResponseFilter;
import dev.weir.core.Route;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * One of the calls made for an exchange: the same client and route, but a path, a body and an answer of its own. How it was
 * dispatched is told of the whole as well. Confined to the exchange's event loop.
 */
final class PartExchange implements Exchange {
    private final Exchange whole;
    private final RequestHead head;
    private final ModelRequest model;
    private final PromptName prompt;
    private final ByteBuf body;
    private final Downstream answer;
    private @Nullable Dispatch dispatch;

    /**
     * @param body borrowed
     * @param answer where its answer goes
     */
    PartExchange(Exchange whole, String path, ModelRequest model, PromptName prompt, ByteBuf body, Downstream answer) {
        RequestHead head = whole.request();
        this.whole = whole;
        this.head = new RequestHead(head.method(), path, head.http10(), head.host(), head.headers());
        this.model = model;
        this.prompt = prompt;
        this.body = body;
        this.answer = answer;
    }

    @Override
    public RequestHead request() {
        return head;
    }

    @Override
    public Route route() {
        return whole.route();
    }

    @Override
    public String id() {
        return whole.id();
    }

    @Override
    public InetAddress clientAddress() {
        return whole.clientAddress();
    }

    @Override
    public String forwardedFor() {
        return whole.forwardedFor();
    }

    @Override
    public boolean secure() {
        return whole.secure();
    }

    @Override
    public EventLoop eventLoop() {
        return whole.eventLoop();
    }

    @Override
    public long startNanos() {
        return whole.startNanos();
    }

    @Override
    public ByteBuf body() {
        return body;
    }

    @Override
    public boolean isBodyCollected() {
        return true;
    }

    @Override
    public void replaceBody(ByteBuf replacement) {
        replacement.release();
        throw new UnsupportedOperationException("the body of a part stays as it is");
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T> @Nullable T get(Key<T> key) {
        if (key.equals(ModelRequest.KEY)) {
            return (T) model;
        }
        if (key.equals(PromptName.KEY)) {
            return (T) prompt;
        }
        return key.equals(Dispatch.KEY) ? (T) dispatch : whole.get(key);
    }

    @Override
    public <T> void set(Key<T> key, T value) {
        if (value instanceof Dispatch own) {
            dispatch = own;
        }
        whole.set(key, value);
    }

    /** Parts are answered with plain JSON: there is nothing for filters. */
    @Override
    public Downstream filterResponse(ResponseFilter filter) {
        return answer;
    }

    @Override
    public void filterEndpoint(ResponseFilter filter) {
        throw new UnsupportedOperationException("the whole has a chain, a part has none");
    }

    @Override
    public Progress progress() {
        return whole.progress();
    }
}
