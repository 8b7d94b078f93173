package dev.weir.testing;

import static dev.weir.testing.EngineRun.failuresOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Runs classes that leave something behind, each through an engine of its own, and sees them fail. */
final class LeakCheckTest {
    @Test
    void leakedPooledBufferFailsTheClassAndShowsWhoMadeIt() {
        assertThat(failuresOf(LeaksPooledBuffer.class))
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .hasMessageContaining("LeaksPooledBuffer left 1 leaks or errors")
                        .hasMessageContaining("leaked ByteBuf")
                        .hasMessageContaining("LeaksPooledBuffer.leak(LeakCheckTest.java")
                        .hasMessageNotContaining("org.junit."));
    }

    @Test
    void leakedUnpooledBufferFailsTheClass() {
        assertThat(failuresOf(LeaksUnpooledBuffer.class)).hasSize(1);
    }

    @Test
    void leakInANestedClassFailsTheOuterClass() {
        assertThat(failuresOf(LeaksInNestedClass.class))
                .singleElement()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("LeaksInNestedClass left 1"));
    }

    @Test
    void releasedBuffersPass() {
        assertThat(failuresOf(ReleasesItsBuffers.class)).isEmpty();
    }

    @Test
    void uncaughtExceptionFailsTheClass() {
        assertThat(failuresOf(EndsAThreadByException.class))
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .hasMessageContaining("uncaught on thread doomed: java.lang.IllegalStateException: boom"));
    }

    @Test
    void loggedErrorFailsTheClassButAWarningDoesNot() {
        assertThat(failuresOf(LogsAnError.class))
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .hasMessageContaining("LogsAnError left 1")
                        .hasMessageContaining("ERROR dev.weir.testing.sample")
                        .hasMessageContaining("expected in the output of this build")
                        .hasMessageContaining("java.io.IOException: disk"));
    }

    @Test
    void exceptionAtTheEndOfAPipelineFailsTheClass() {
        assertThat(failuresOf(LosesAnExceptionInAPipeline.class))
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .hasMessageContaining("WARN io.netty.channel.DefaultChannelPipeline")
                        .hasMessageContaining("lost in the pipeline"));
    }

    @Test
    void errorsThatAreAllowedPassWhileLeaksDoNot() {
        assertThat(failuresOf(AllowedToLogAnError.class)).isEmpty();
        assertThat(failuresOf(AllowedInOneTest.class)).isEmpty();
        assertThat(failuresOf(AllowedToLogAnErrorButLeaks.class)).hasSize(1);
    }

    static class LeaksPooledBuffer {
        @Test
        void leak() {
            PooledByteBufAllocator.DEFAULT.buffer().writeByte(1);
        }
    }

    static class LeaksUnpooledBuffer {
        @Test
        void leak() {
            Unpooled.directBuffer(16).writeByte(2);
        }
    }

    static class LeaksInNestedClass {
        @Nested
        class Inner {
            @Test
            void leak() {
                ByteBufAllocator.DEFAULT.heapBuffer().writeByte(3);
            }
        }
    }

    static class ReleasesItsBuffers {
        @Test
        void release() {
            ByteBuf buffer = PooledByteBufAllocator.DEFAULT.buffer().writeByte(4);
            buffer.release();
        }
    }

    static class EndsAThreadByException {
        @Test
        void fail() throws InterruptedException {
            Thread thread = new Thread(
                    () -> {
                        throw new IllegalStateException("boom");
                    },
                    "doomed");
            thread.start();
            thread.join();
        }
    }

    static class LogsAnError {
        @Test
        void log() {
            LoggerFactory.getLogger("dev.weir.testing.sample").warn("expected in the output of this build: a warning");
            logError();
        }
    }

    static class LosesAnExceptionInAPipeline {
        @Test
        void lose() {
            EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
            LocalChannel channel = new LocalChannel();
            loop.register(channel).syncUninterruptibly();
            channel.pipeline().fireExceptionCaught(new IOException("lost in the pipeline"));
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    @AllowsErrors("to see that they are allowed")
    static class AllowedToLogAnError {
        @Test
        void log() {
            logError();
        }
    }

    static class AllowedInOneTest {
        @Test
        @AllowsErrors("to see that they are allowed")
        void log() {
            logError();
        }
    }

    @AllowsErrors("to see that leaks are not")
    static class AllowedToLogAnErrorButLeaks {
        @Test
        void leakAndLog() {
            logError();
            PooledByteBufAllocator.DEFAULT.buffer().writeByte(5);
        }
    }

    private static void logError() {
        LoggerFactory.getLogger("dev.weir.testing.sample")
                .error("expected in the output of this build", new IOException("disk"));
    }
}
