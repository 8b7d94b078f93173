package dev.weir.server.systemd;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the service manager how the process stands, as sd_notify(3) has it: datagrams to the socket that {@code NOTIFY_SOCKET}
 * names. Without that variable nothing is told, and no thread is started. The socket has a thread of its own, so that a stuck
 * event loop of the gateway is not what keeps it from being noticed. Any thread.
 */
public final class SystemdNotifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdNotifier.class);
    private static final long STATUS_SECONDS = 10;
    private static final long SEND_MILLIS = 2_000;

    private final @Nullable EventLoopGroup thread;
    private final @Nullable Channel channel;
    private final Map<String, String> environment;
    private String lastStatus = "";

    private SystemdNotifier(
            @Nullable EventLoopGroup thread, @Nullable Channel channel, Map<String, String> environment) {
        this.thread = thread;
        this.channel = channel;
        this.environment = environment;
    }

    /** The one that {@code environment} names, or one that is told nothing. */
    public static SystemdNotifier of(Map<String, String> environment) {
        String path = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (path.isEmpty()) {
            return new SystemdNotifier(null, null, environment);
        }
        if (!Epoll.isAvailable()) {
            LOG.warn("NOTIFY_SOCKET cannot be written to: there is no epoll here; use Type=exec in the unit");
            return new SystemdNotifier(null, null, environment);
        }
        // An @ stands for the zero byte that an abstract name begins with.
        DomainSocketAddress address = new DomainSocketAddress(path.startsWith("@") ? "\0" + path.substring(1) : path);
        EventLoopGroup thread = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("weir-notify", true), EpollIoHandler.newFactory());
        ChannelFuture opened = new Bootstrap()
                .group(thread)
                .channel(EpollDomainDatagramChannel.class)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(address)
                .awaitUninterruptibly();
        if (!opened.isSuccess()) {
            LOG.warn("NOTIFY_SOCKET {} cannot be written to", path, opened.cause());
            thread.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            return new SystemdNotifier(null, null, environment);
        }
        return new SystemdNotifier(thread, opened.channel(), environment);
    }

    /** It serves. */
    public void ready(String status) {
        tell("READY=1\nSTATUS=" + status);
    }

    /** It reads its configuration again; {@link #ready} ends that. */
    public void reloading() {
        // The same clock as CLOCK_MONOTONIC, by which the manager tells this reload from an earlier one.
        tell("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime())
                + "\nSTATUS=reading its configuration");
    }

    /** It is about to end, and may take that long. */
    public void stopping(Duration atMost) {
        tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(atMost.toNanos())
                + "\nSTATUS=draining");
    }

    /** A line for people, told again every few seconds when it has changed. */
    public void keepStatus(Supplier<String> status) {
        if (thread != null) {
            thread.scheduleWithFixedDelay(
                    () -> {
                        String now = status.get();
                        if (!now.equals(lastStatus)) {
                            lastStatus = now;
                            tell("STATUS=" + now);
                        }
                    },
                    STATUS_SECONDS,
                    STATUS_SECONDS,
                    TimeUnit.SECONDS);
        }
    }

    /** Pings, if the manager asks for it, as long as all of {@code eventLoops} answer. */
    public void watch(EventLoopGroup eventLoops) {
        long periodMicros =
                Watchdog.periodMicros(environment, ProcessHandle.current().pid());
        if (thread != null && periodMicros > 0) {
            new Watchdog(eventLoops, () -> tell("WATCHDOG=1")).start(thread, periodMicros);
        }
    }

    private void tell(String state) {
        if (channel != null && channel.isOpen()) {
            channel.writeAndFlush(Unpooled.copiedBuffer(state, StandardCharsets.UTF_8))
                    .addListener(sent -> {
                        if (!sent.isSuccess()) {
                            LOG.warn("the service manager could not be told: {}", String.valueOf(sent.cause()));
                        }
                    });
        }
    }

    /** What was told before has been sent when this returns. */
    @Override
    public void close() {
        if (channel != null && thread != null) {
            channel.close().awaitUninterruptibly(SEND_MILLIS);
            thread.shutdownGracefully(0, 0, TimeUnit.SECONDS).awaitUninterruptibly(SEND_MILLIS);
        }
    }
}
