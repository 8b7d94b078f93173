package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditDrops.Reason;
import dev.weir.pipeline.audit.SpillSegment.Page;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What processes that ended have left on disk. It is written into the database page by page; then the database is asked how far
 * they had come, and what is missing of what they had taken on is lost. Confined to the writer's thread.
 */
final class Estate {
    private static final Logger LOG = LoggerFactory.getLogger(Estate.class);

    private final AuditDrops drops;
    private final Deque<Spill> left = new ArrayDeque<>();
    private @Nullable Spill asked;
    private @Nullable Page page;

    Estate(AuditDrops drops) {
        this.drops = drops;
    }

    /** Looks for what was left under {@code parent}. */
    void find(Path parent) throws IOException {
        for (Spill spill : Spill.leftBehind(parent)) {
            left.add(spill);
            if (!spill.isEmpty()) {
                LOG.info("{} bytes of audit records were left in {}", spill.bytes(), spill);
            }
        }
    }

    boolean isEmpty() {
        return left.isEmpty();
    }

    long bytes() {
        long bytes = 0;
        for (Spill spill : left) {
            bytes += spill.bytes();
        }
        return bytes;
    }

    /** Turns to what is to be done next; false if there is nothing. */
    boolean next(int maxRows, long maxWeight) {
        while (!left.isEmpty()) {
            Spill first = left.getFirst();
            try {
                Page read = first.read(maxRows, maxWeight);
                asked = first;
                page = read.rows().isEmpty() ? null : read;
                return true;
            } catch (IOException e) {
                LOG.error("the audit records in {} stay there: {}", first, e.toString());
                leave(left.removeFirst());
            }
        }
        return false;
    }

    private static void leave(Spill spill) {
        try {
            spill.close();
        } catch (IOException e) {
            LOG.debug("{} could not be closed", spill, e);
        }
    }

    /** Whether the question before the database is about this. */
    boolean isAsked() {
        return asked != null;
    }

    /** Whose records are asked about. */
    String writer() {
        return asked == null ? "" : asked.writer();
    }

    /** What is to be written; null if it is to be asked how far the writer came. */
    @Nullable
    Page page() {
        return page;
    }

    /** @param sequence how far the writer came, if that was asked */
    void answered(@Nullable Page about, long sequence) throws IOException {
        Spill spill = asked;
        if (spill == null) {
            return;
        }
        if (about != null) {
            spill.acknowledge(about);
            return;
        }
        left.remove(spill);
        long lost = Math.max(0, spill.taken() - sequence);
        if (lost > 0) {
            LOG.warn(
                    "{} audit records were lost when a process was killed before it wrote them, of {} it had counted{}",
                    lost,
                    spill.taken(),
                    spill.isExact() ? "" : "; what it took on in its last quarter of a second it may not have counted");
            drops.add(Reason.CRASH, lost);
        } else {
            LOG.info("all {} audit records of a process that ended are in the database", sequence);
        }
        spill.delete();
    }

    /** The question is answered, or came to nothing. */
    void forget() {
        asked = null;
        page = null;
    }

    /** Leaves the rest to the next process. */
    void close() {
        left.forEach(Estate::leave);
        left.clear();
    }
}
