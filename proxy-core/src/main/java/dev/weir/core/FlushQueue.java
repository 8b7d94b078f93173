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
final class FlushQueue implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(FlushQueue.class);
    private static final int MOST = 32;
    private static final FastThreadLocal<FlushQueue> OF_THIS_LOOP = new FastThreadLocal<>();

    private final EventLoop eventLoop;
    private final List<Runnable> senders = new ArrayList<>(MOST);
    private boolean running;

    private FlushQueue(EventLoop eventLoop) {
        this.eventLoop = eventLoop;
    }

    /** The queue of an event loop; called on it. */
    static FlushQueue of(EventLoop eventLoop) {
        FlushQueue queue = OF_THIS_LOOP.getIfExists();
        if (queue == null || queue.eventLoop != eventLoop) {
            queue = new FlushQueue(eventLoop);
            OF_THIS_LOOP.set(queue);
        }
        return queue;
    }

    /** Has {@code sender} send soon, once; it is not added again before it has. */
    void add(Runnable sender) {
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
                senders.get(i).run();
            } catch (Throwable e) {
                // The others have nothing to do with it.
                LOG.error("could not send", e);
            }
        }
        senders.clear();
        running = false;
    }
}
