package dev.weir.core;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of one event loop that have something to send. They send when the loop has read all that was ready, one
 * after the other: a system call costs less beside others of its kind, and whoever is woken by the first of them is awake
 * for the rest. With a single connection ready, that is at once.
 *
 * <p>Nobody waits for more than {@value #MOST} others. Runs on the event loop.
 */
public final class FlushQueue implements Runnable {
    /** What has something to send. */
    public interface Sender {
        /** Sends it. Called on the event loop. */
        void flushNow();
    }

    private static final Logger LOG = LoggerFactory.getLogger(FlushQueue.class);
    private static final int MOST = 32;
    private static final FastThreadLocal<FlushQueue> OF_THIS_LOOP = new FastThreadLocal<>();

    private final EventLoop eventLoop;
    private final List<Sender> senders = new ArrayList<>(MOST);
    private boolean running;

    private FlushQueue(EventLoop eventLoop) {
        this.eventLoop = eventLoop;
    }

    /** The queue of an event loop; called on it. */
    public static FlushQueue of(EventLoop eventLoop) {
        FlushQueue queue = OF_THIS_LOOP.getIfExists();
        if (queue == null || queue.eventLoop != eventLoop) {
            queue = new FlushQueue(eventLoop);
            OF_THIS_LOOP.set(queue);
        }
        return queue;
    }

    /** Has {@code sender} send soon, once; it does not add itself again before it has. */
    public void add(Sender sender) {
        senders.add(sender);
        if (running) {
            return;
        }
        if (senders.size() == 1) {
            eventLoop.execute(this);
        } else if (senders.size() == MOST) {
            run();
        }
    }

    /** Has all send. */
    @Override
    public void run() {
        running = true;
        // One may give another something to send.
        for (int i = 0; i < senders.size(); i++) {
            try {
                senders.get(i).flushNow();
            } catch (Throwable e) {
                // The others have nothing to do with it.
                LOG.error("could not send", e);
            }
        }
        senders.clear();
        running = false;
    }
}
