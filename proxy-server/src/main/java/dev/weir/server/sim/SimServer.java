package dev.weir.server.sim;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A simulated language-model server on its own small event-loop group. *Any thread*, except the loops themselves for
 * {@link #close}.
 */
public final class SimServer implements AutoCloseable {
    private static final int MAX_BODY_BYTES = 64 << 20;
    private static final int MAX_HEAD_BYTES = 64 << 10;
    private static final int BACKLOG = 4096;
    private static final int CLOSE_TIMEOUT_SECONDS = 5;

    private final SimOptions options;
    private final SimStats stats = new SimStats();
    private final EventLoopGroup group;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final Consumer<Exchange> entry;
    private final Channel listener;

    private SimServer(SimOptions options) throws IOException {
        this.options = options;
        this.entry = entry(options, stats);
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        int threads = Math.min(2, Runtime.getRuntime().availableProcessors());
        this.group = new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("weir-sim", true), io);
        Class<? extends ServerSocketChannel> type =
                epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channel(type)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        connect(channel);
                    }
                })
                .bind(options.host(), options.port())
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            shutdown();
            throw new IOException("cannot listen on " + options.host() + ":" + options.port(), bound.cause());
        }
        this.listener = bound.channel();
    }

    /** @throws IOException when the address cannot be bound */
    public static SimServer start(SimOptions options) throws IOException {
        return new SimServer(options);
    }

    /** The port bound. */
    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /** The address to give to clients, as {@code http://127.0.0.1:11434}. */
    public String url() {
        String host = options.host().indexOf(':') >= 0 ? "[" + options.host() + "]" : options.host();
        return "http://" + host + ":" + port();
    }

    public SimOptions options() {
        return options;
    }

    public SimStats stats() {
        return stats;
    }

    /** Stops listening, cuts what is in progress and waits for the loops to end. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        connections.close().awaitUninterruptibly(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        shutdown();
    }

    private void shutdown() {
        group.shutdownGracefully(0, CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .awaitUninterruptibly(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private void connect(SocketChannel channel) {
        connections.add(channel);
        HeadRecorder heads = new HeadRecorder();
        channel.pipeline()
                .addLast(new HttpServerCodec(new HttpDecoderConfig()
                        .setMaxInitialLineLength(MAX_HEAD_BYTES)
                        .setMaxHeaderSize(MAX_HEAD_BYTES)))
                .addLast(heads)
                .addLast(new HttpObjectAggregator(MAX_BODY_BYTES))
                .addLast(new SimHandler(options.kind(), entry, stats, heads));
    }

    private static Consumer<Exchange> entry(SimOptions options, SimStats stats) {
        Engine engine = new Engine(options, stats);
        Composer composer = new Composer(options);
        Router router = new Router(options.kind());
        if (options.kind() == SimKind.OLLAMA) {
            new OllamaModelApi(engine).register(router);
            new OllamaApi(engine, composer).register(router);
        }
        new OpenAiApi(engine, composer).register(router);
        new ResponsesApi(engine, composer).register(router);
        new MessagesApi(engine, composer).register(router);
        new TranscriptionApi(engine).register(router);
        if (options.kind() == SimKind.OPENAI) {
            new RerankApi(engine).register(router);
        }
        String apiKey = options.apiKey();
        return apiKey == null ? router::route : new ApiKeyCheck(apiKey, router::route);
    }
}
