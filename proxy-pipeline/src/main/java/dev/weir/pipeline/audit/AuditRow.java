package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditEntry.Body;
import org.jspecify.annotations.Nullable;

/**
 * An entry on its way to the database.
 *
 * @param sequence its place among those of its writer: each is written once, in this order
 * @param title what its conversation is called if it is the first of it
 * @param alone whether it is a chat whose sender says nothing of a conversation: it is one by itself
 */
record AuditRow(long sequence, AuditEntry entry, String title, boolean alone) {
    private static final int ROW_BYTES = 1_000;

    /** Whether it belongs with others to a conversation that was answered. */
    boolean isPartOfConversation() {
        return !alone
                && !entry.call().conversation().isEmpty()
                && entry.result().status() / 100 == 2;
    }

    /** What it takes in memory, roughly. */
    int weight() {
        return ROW_BYTES + length(entry.request()) + length(entry.response());
    }

    private static int length(@Nullable Body body) {
        return body == null ? 0 : body.text().length();
    }
}
