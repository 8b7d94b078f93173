package dev.weir.pipeline.agents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.core.Dialect;
import dev.weir.core.Downstream;
import dev.weir.core.Exchange;
import dev.weir.core.GatewayException;
import dev.weir.core.Headers;
import dev.weir.core.Key;
import dev.weir.core.Outcome;
import dev.weir.core.Progress;
import dev.weir.core.RequestHead;
import dev.weir.core.ResponseHead;
import dev.weir.core.Route;
import dev.weir.core.Upstream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An answer that passes an {@link AgentShaper}, on an event loop whose clock the test moves. */
final class ShapedAnswer implements Downstream, Exchange, AutoCloseable {
    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final AgentShaper shaper;
    private final List<String> sent = new ArrayList<>();
    private @Nullable GatewayException failure;
    private boolean ended;
    private boolean closed;
    private int resumed;

    ShapedAnswer(Agent agent) {
        shaper = new AgentShaper(agent, this);
        shaper.begin(this);
    }

    ShapedAnswer stream() {
        return head(200, "text/event-stream");
    }

    ShapedAnswer json(int status) {
        return head(status, "application/json");
    }

    private ShapedAnswer head(int status, String type) {
        shaper.onHead(
                new ResponseHead(status, "", new Headers().add("Content-Type", type), ResponseHead.UNKNOWN), this);
        return this;
    }

    ShapedAnswer part(String text) {
        shaper.onBody(Unpooled.copiedBuffer(text, StandardCharsets.UTF_8), false, this);
        return this;
    }

    void last() {
        shaper.onBody(Unpooled.EMPTY_BUFFER, true, this);
    }

    void fails(GatewayException with) {
        shaper.onFailure(with, this);
    }

    void advanceMillis(long millis) {
        ticker.advance(millis, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    /** What was sent since the last call. */
    List<String> sent() {
        List<String> now = List.copyOf(sent);
        sent.clear();
        return now;
    }

    @Nullable
    GatewayException failure() {
        return failure;
    }

    boolean ended() {
        return ended;
    }

    int resumed() {
        return resumed;
    }

    boolean takesMore() {
        return shaper.isWritable(this);
    }

    /** Whether any timer is armed. */
    boolean isWaiting() {
        return channel.hasPendingTasks();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            shaper.onEnd(new Outcome(Outcome.End.CLIENT_LEFT, null));
            assertThat(channel.runScheduledPendingTasks()).isEqualTo(-1);
            channel.finishAndReleaseAll();
        }
    }

    @Override
    public void writeHead(ResponseHead head) {}

    @Override
    public void writeBody(ByteBuf part, boolean last) {
        if (part.isReadable()) {
            sent.add(part.toString(StandardCharsets.UTF_8));
        }
        part.release();
        ended |= last;
    }

    @Override
    public void flush() {}

    @Override
    public void fail(GatewayException with) {
        failure = with;
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public void attach(Upstream upstream) {}

    @Override
    public void resumeRequest() {}

    @Override
    public void resumeResponse() {
        resumed++;
    }

    @Override
    public RequestHead request() {
        return new RequestHead("POST", "/v1/a/chat/completions", false, "", new Headers());
    }

    @Override
    public Route route() {
        return new Route(
                "/v1/a/chat/completions",
                Route.Access.CLIENT,
                Dialect.OPENAI,
                List.of(),
                (exchange, downstream) -> {},
                null,
                0);
    }

    @Override
    public String id() {
        return "id";
    }

    @Override
    public InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public String forwardedFor() {
        return "";
    }

    @Override
    public boolean secure() {
        return false;
    }

    @Override
    public EventLoop eventLoop() {
        return channel.eventLoop();
    }

    @Override
    public long startNanos() {
        return System.nanoTime();
    }

    @Override
    public ByteBuf body() {
        return Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void replaceBody(ByteBuf body) {
        body.release();
    }

    @Override
    public <T> @Nullable T get(Key<T> key) {
        return null;
    }

    @Override
    public <T> void set(Key<T> key, T value) {}

    @Override
    public void filterEndpoint(dev.weir.core.ResponseFilter filter) {
        throw new UnsupportedOperationException("filterEndpoint");
    }

    @Override
    public Downstream filterResponse(dev.weir.core.ResponseFilter filter) {
        return this;
    }

    @Override
    public Progress progress() {
        return new Progress(200, 0, 0, 0);
    }
}
