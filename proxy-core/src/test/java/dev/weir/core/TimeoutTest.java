package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.lang.reflect.Proxy;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Deadlines on a clock that the test moves by letting timers go off when it likes. */
class TimeoutTest {
    private int expirations;
    private Runnable armed = () -> {};
    private long delayNanos = -1;
    private final Timeout timeout = new Timeout(eventLoop(), () -> expirations++);

    /** Notes what is scheduled, and schedules nothing. */
    private EventExecutor eventLoop() {
        return (EventExecutor) Proxy.newProxyInstance(
                EventExecutor.class.getClassLoader(),
                new Class<?>[] {EventExecutor.class},
                (proxy, method, arguments) -> {
                    if (!method.getName().equals("schedule")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    armed = (Runnable) arguments[0];
                    delayNanos = TimeUnit.NANOSECONDS.convert((Long) arguments[1], (TimeUnit) arguments[2]);
                    return Proxy.newProxyInstance(
                            ScheduledFuture.class.getClassLoader(),
                            new Class<?>[] {ScheduledFuture.class},
                            (future, called, none) -> called.getReturnType() == boolean.class ? (Object) true : null);
                });
    }

    private static void pass(long millis) throws InterruptedException {
        assertThat(new java.util.concurrent.CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS))
                .isFalse();
    }

    @Test
    void aDeadlineThatPassesExpiresOnce() throws Exception {
        timeout.set(1);
        pass(2);
        armed.run();
        if (expirations == 0) {
            armed.run(); // the machine was late: the loop got one more turn
        }
        assertThat(expirations).isEqualTo(1);
        armed.run();
        assertThat(expirations).isEqualTo(1);
    }

    @Test
    void aDeadlineThatWasMovedAwayIsArmedAnew() throws Exception {
        timeout.set(1);
        timeout.set(60_000);
        pass(2);
        armed.run();
        assertThat(expirations).isZero();
        assertThat(TimeUnit.NANOSECONDS.toMillis(delayNanos)).isGreaterThan(9_000);
    }

    @Test
    void aTimerThatGoesOffLateGivesTheLoopOneMoreTurn() throws Exception {
        timeout.set(1);
        pass(120);
        armed.run();
        assertThat(expirations).isZero();

        pass(10);
        armed.run();
        assertThat(expirations).isEqualTo(1);
    }

    @Test
    void whatArrivedMeanwhileMovesTheDeadline() throws Exception {
        timeout.set(1);
        pass(120);
        armed.run();
        timeout.set(10_000);
        armed.run();
        assertThat(expirations).isZero();
    }

    @Test
    void aDeadlineThatIsClearedNeverExpires() throws Exception {
        timeout.set(1);
        timeout.clear();
        pass(2);
        armed.run();
        assertThat(expirations).isZero();
    }
}
