package dev.weir.server;

import static dev.weir.server.TestGateway.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.server.sim.SimKind;
import dev.weir.server.sim.SimOptions;
import dev.weir.server.sim.SimServer;
import dev.weir.testing.Await;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Thousands of streams at once, each with events of its own. */
class ConcurrentStreamsTest {
    private static final int STREAMS = 2_000;
    private static final int TOPICS = 16;
    private static final int TOKENS = 12;

    private static String request(int topic, boolean stream) {
        return TestGateway.quoted("{'model': 'chat', 'stream': " + stream + ", 'max_tokens': " + TOKENS
                + ", 'messages': [{'role': 'user', 'content': 'Tell me about number " + topic + "'}]}");
    }

    @Test
    void twoThousandStreamsCompleteWithAllEventsInOrder() throws Exception {
        SimOptions paced = SimOptions.builder()
                .kind(SimKind.OPENAI)
                .models("phi3")
                .timeToFirstToken(Duration.ofSeconds(8))
                .tokensPerSecond(4)
                .build();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        try (SimServer sim = TestGateway.sim(paced);
                SimServer instant = TestGateway.sim(SimKind.OPENAI, "phi3");
                TestGateway gateway = TestGateway.start("""
                        backends:
                          paced: {url: "%s", kind: openai, max_in_flight: 4096}
                          instant: {url: "%s", kind: openai}
                        models:
                          chat: {targets: [{backend: paced, model: phi3}]}
                          check: {targets: [{backend: instant, model: phi3}]}
                        """.formatted(sim.url(), instant.url()))) {
            Map<Integer, String> expected = new HashMap<>();
            for (int topic = 0; topic < TOPICS; topic++) {
                JsonNode whole = json(gateway.post(
                        "/v1/chat/completions", request(topic, false).replace("\"chat\"", "\"check\"")));
                expected.put(topic, whole.at("/choices/0/message/content").asText());
            }
            List<Stream> streams = new ArrayList<>();
            CountDownLatch ended = new CountDownLatch(STREAMS);
            for (int i = 0; i < STREAMS; i++) {
                Stream stream = new Stream(i % TOPICS, ended);
                streams.add(stream);
                new Bootstrap()
                        .group(loops)
                        .channel(NioSocketChannel.class)
                        .handler(new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel channel) {
                                channel.pipeline().addLast(new HttpClientCodec(), stream);
                            }
                        })
                        .connect("127.0.0.1", gateway.port());
            }
            Await.until(
                    Duration.ofSeconds(40),
                    "all have begun",
                    () -> sim.stats().requests("/v1/chat/completions") == STREAMS);
            // All of them, unless this machine is so busy that the first ended before the last began.
            assertThat(sim.stats().inFlight()).isGreaterThan(STREAMS / 2);

            assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(streams).allSatisfy(stream -> {
                assertThat(stream.status).isEqualTo(200);
                assertThat(stream.text()).isEqualTo(expected.get(stream.topic));
            });
            assertThat(gateway.metric("weir_cancels_total{backend=\"paced\",}")).isNaN();
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS);
        }
    }

    /** One client: asks when it is connected, keeps what comes. */
    private static final class Stream extends SimpleChannelInboundHandler<HttpObject> {
        private final int topic;
        private final CountDownLatch ended;
        private final StringBuilder body = new StringBuilder();
        private int status;

        Stream(int topic, CountDownLatch ended) {
            this.topic = topic;
            this.ended = ended;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            byte[] json = request(topic, true).getBytes(StandardCharsets.UTF_8);
            DefaultFullHttpRequest request = new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1, HttpMethod.POST, "/v1/chat/completions", Unpooled.wrappedBuffer(json));
            request.headers()
                    .set(HttpHeaderNames.HOST, "localhost")
                    .set(HttpHeaderNames.AUTHORIZATION, "Bearer " + TestGateway.KEY)
                    .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                    .set(HttpHeaderNames.CONTENT_LENGTH, json.length);
            ctx.writeAndFlush(request);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
            if (message instanceof HttpResponse response) {
                status = response.status().code();
            }
            if (message instanceof HttpContent content) {
                body.append(content.content().toString(StandardCharsets.UTF_8));
            }
            if (message instanceof LastHttpContent) {
                ended.countDown();
                ctx.close();
            }
        }

        /** The answer as the events tell it; fails when one is missing at either end. */
        String text() {
            List<String> events = List.of(body.toString().split("\n\n"));
            assertThat(events.get(events.size() - 1)).isEqualTo("data: [DONE]");
            StringBuilder text = new StringBuilder();
            for (String event : events.subList(0, events.size() - 1)) {
                assertThat(event).startsWith("data: {");
                JsonNode choice = json(event.substring("data: ".length())).at("/choices/0");
                text.append(choice.at("/delta/content").asText(""));
            }
            assertThat(body).contains("\"finish_reason\":\"length\"");
            return text.toString();
        }
    }
}
