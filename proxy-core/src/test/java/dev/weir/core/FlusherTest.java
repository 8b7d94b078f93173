package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlusherTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> happened = new ArrayList<>();
    private final Flusher flusher = new Flusher(channel, () -> happened.add("sent"));

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void sendsOnceAtTheEndOfTheTurnHoweverOftenItIsAsked() {
        flusher.flush();
        flusher.flush();
        happened.add("worked");
        channel.runPendingTasks();

        assertThat(happened).containsExactly("worked", "sent");
    }

    @Test
    void sendsAgainInALaterTurn() {
        flusher.flush();
        channel.runPendingTasks();
        flusher.flush();
        channel.runPendingTasks();

        assertThat(happened).containsExactly("sent", "sent");
    }

    @Test
    void sendsAtOnceWhatTheConnectionHasNoRoomFor() {
        fill(true);
        flusher.flush();
        happened.add("worked");

        assertThat(happened).containsExactly("sent", "worked");
    }

    @Test
    void waitsForItsTurnOnceThoughItHasSentBefore() {
        flusher.flush();
        fill(true);
        flusher.flush();
        fill(false);
        flusher.flush();
        happened.add("worked");
        channel.runPendingTasks();

        assertThat(happened).containsExactly("sent", "worked", "sent");
    }

    private void fill(boolean full) {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, !full);
    }
}
