package dev.weir.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Await;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.nio.NioIoHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a service manager is told, on a real socket. */
class SystemdNotifierTest {
    @TempDir
    private Path directory;

    @BeforeEach
    void onLinuxOnly() {
        assumeTrue(Epoll.isAvailable(), "datagrams on unix sockets need epoll");
    }

    @Test
    void itIsToldOfReadinessReloadsAndTheEnd() throws InterruptedException {
        try (NotifySocket socket = NotifySocket.in(directory);
                SystemdNotifier notifier = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket.name()))) {
            notifier.ready("3 of 3 backends up");
            assertThat(socket.await(message -> true)).isEqualTo("READY=1\nSTATUS=3 of 3 backends up");

            long beforeMicros = System.nanoTime() / 1_000;
            notifier.reloading();
            String reloading = socket.await(message -> true);
            assertThat(reloading).startsWith("RELOADING=1\nMONOTONIC_USEC=");
            assertThat(Long.parseLong(reloading.lines().toList().get(1).substring("MONOTONIC_USEC=".length())))
                    .isBetween(beforeMicros, System.nanoTime() / 1_000);

            notifier.stopping(Duration.ofSeconds(45));
            assertThat(socket.await(message -> true)).startsWith("STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000\n");
        }
    }

    @Test
    void withoutAManagerNothingIsToldAndNoThreadStarted() {
        long before = notifyThreads();
        try (SystemdNotifier notifier = SystemdNotifier.of(Map.of())) {
            notifier.ready("");
            notifier.stopping(Duration.ZERO);

            assertThat(notifyThreads()).isEqualTo(before);
        }
    }

    private static long notifyThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("weir-notify"))
                .count();
    }

    @Test
    void aManagerThatIsNotThereIsNoReasonToFail() {
        try (SystemdNotifier notifier = SystemdNotifier.of(
                Map.of("NOTIFY_SOCKET", directory.resolve("nobody").toString()))) {
            notifier.ready("well");
        }
    }

    @Test
    void theWatchdogIsFedAtHalfItsTimeByThisProcessOnly() {
        assertThat(Watchdog.periodMicros(Map.of("WATCHDOG_USEC", "30000000"), 7))
                .isEqualTo(15_000_000);
        assertThat(Watchdog.periodMicros(Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "7"), 7))
                .isEqualTo(15_000_000);
        assertThat(Watchdog.periodMicros(Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "8"), 7))
                .isZero();
        assertThat(Watchdog.periodMicros(Map.of("WATCHDOG_USEC", "soon"), 7)).isZero();
        assertThat(Watchdog.periodMicros(Map.of(), 7)).isZero();
    }

    @Test
    void pingsComeAsLongAsEveryLoopAnswersAndStopWhileOneIsStuck() throws InterruptedException {
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        String pid = Long.toString(ProcessHandle.current().pid());
        try (NotifySocket socket = NotifySocket.in(directory);
                SystemdNotifier notifier = SystemdNotifier.of(
                        Map.of("NOTIFY_SOCKET", socket.name(), "WATCHDOG_USEC", "20000", "WATCHDOG_PID", pid))) {
            try {
                pingsStopWhileOneIsStuck(notifier, loops, socket);
            } finally {
                // Before the notifier, as a gateway ends: a loop that still answers would ping through a closed one.
                loops.shutdownGracefully(0, 20, TimeUnit.SECONDS).syncUninterruptibly();
            }
        }
    }

    private static void pingsStopWhileOneIsStuck(SystemdNotifier notifier, EventLoopGroup loops, NotifySocket socket)
            throws InterruptedException {
        notifier.watch(loops);
        socket.await("WATCHDOG=1"::equals);
        socket.await("WATCHDOG=1"::equals);

        CountDownLatch stuck = new CountDownLatch(1);
        CountDownLatch freed = new CountDownLatch(1);
        loops.next().execute(() -> {
            stuck.countDown();
            awaitQuietly(freed);
        });
        assertThat(stuck.await(20, TimeUnit.SECONDS)).isTrue();
        // What was under way when the loop got stuck may still have come.
        int came = afterPause(socket);
        assertThat(afterPause(socket)).isEqualTo(came);

        freed.countDown();
        Await.until(Duration.ofSeconds(20), "pings again", () -> socket.others().size() > came);
        assertThat(socket.others()).contains("WATCHDOG=1");
    }

    /** How many messages there are after thirty periods. */
    private static int afterPause(NotifySocket socket) throws InterruptedException {
        CountDownLatch passed = new CountDownLatch(1);
        assertThat(passed.await(300, TimeUnit.MILLISECONDS)).isFalse();
        return socket.others().size();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
