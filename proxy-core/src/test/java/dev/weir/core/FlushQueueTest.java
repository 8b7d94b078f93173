package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.AllowsErrors;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlushQueueTest {
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final List<Object> happened = new ArrayList<>();

    @AfterEach
    void end() throws Exception {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).await(20, TimeUnit.SECONDS);
    }

    @Test
    void senderSendsAfterTheWorkInWhichItWasAdded() throws Exception {
        onLoop(() -> {
            FlushQueue.of(loop).add(() -> happened.add("sent"));
            happened.add("worked");
        });

        assertThat(happened).containsExactly("worked", "sent");
    }

    @Test
    void sendersSendInTheOrderInWhichTheyWereAdded() throws Exception {
        onLoop(() -> IntStream.range(0, 10).forEach(i -> FlushQueue.of(loop).add(() -> happened.add(i))));

        assertThat(happened).containsExactlyElementsOf(numbers(10));
    }

    @Test
    void nobodyWaitsForMoreThanThirtyTwoOthers() throws Exception {
        onLoop(() -> {
            IntStream.range(0, 40).forEach(i -> FlushQueue.of(loop).add(() -> happened.add(i)));
            happened.add("worked");
        });

        List<Object> expected = new ArrayList<>(numbers(40));
        expected.add(32, "worked");
        assertThat(happened).containsExactlyElementsOf(expected);
    }

    @Test
    void senderThatIsAddedByAnotherSendsAfterIt() throws Exception {
        onLoop(() -> FlushQueue.of(loop).add(() -> {
            FlushQueue.of(loop).add(() -> happened.add("second"));
            happened.add("first");
        }));

        assertThat(happened).containsExactly("first", "second");
    }

    @Test
    void queueTakesSendersAgainWhenAllHaveSent() throws Exception {
        onLoop(() -> FlushQueue.of(loop).add(() -> happened.add("first")));
        onLoop(() -> FlushQueue.of(loop).add(() -> happened.add("second")));

        assertThat(happened).containsExactly("first", "second");
    }

    @Test
    @AllowsErrors("a sender that fails is logged")
    void senderThatFailsDoesNotKeepOthersFromSending() throws Exception {
        onLoop(() -> {
            FlushQueue.of(loop).add(() -> {
                throw new IllegalStateException("fails");
            });
            FlushQueue.of(loop).add(() -> happened.add("sent"));
        });

        assertThat(happened).containsExactly("sent");
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    /** Runs {@code work} on the loop; comes back when what it left behind there has run too. */
    private void onLoop(Runnable work) throws Exception {
        loop.submit(work).get(20, TimeUnit.SECONDS);
        loop.submit(() -> {}).get(20, TimeUnit.SECONDS);
    }
}
