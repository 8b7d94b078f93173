package dev.weir.core;

import io.netty.channel.Channel;

/**
 * Makes what was written to one connection leave: beside that of others at the end of the event loop's turn, through the loop's
 * {@link FlushQueue}, or at once if the connection takes no more. Runs on the event loop.
 */
public final class Flusher implements Runnable {
    private final Channel channel;
    private final Runnable send;
    private final FlushQueue queue;
    private boolean queued;

    /**
     * Made on the event loop of {@code channel}.
     *
     * @param send makes everything leave that is there then
     */
    public Flusher(Channel channel, Runnable send) {
        this.channel = channel;
        this.send = send;
        this.queue = FlushQueue.of(channel.eventLoop());
    }

    /** Makes everything leave, now or soon. */
    public void flush() {
        if (!channel.isWritable()) {
            send.run();
        } else if (!queued) {
            queued = true;
            queue.add(this);
        }
    }

    /** Its turn in the queue. */
    @Override
    public void run() {
        queued = false;
        send.run();
    }
}
