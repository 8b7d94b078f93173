package dev.weir.pipeline.audit;

import org.jspecify.annotations.Nullable;

/** A record as it is stored, and what is to be known of it without reading that. Immutable. */
final class StoredRow {
    private static final int OBJECT_BYTES = 200;

    private final long sequence;
    private final byte[] json;
    private final long timeMillis;
    private final int status;
    private final long[] terms;
    private final @Nullable Conversation conversation;

    private StoredRow(
            long sequence,
            byte[] json,
            long timeMillis,
            int status,
            long[] terms,
            @Nullable Conversation conversation) {
        this.sequence = sequence;
        this.json = json;
        this.timeMillis = timeMillis;
        this.status = status;
        this.terms = terms;
        this.conversation = conversation;
    }

    static StoredRow of(AuditRow row) {
        AuditEntry entry = row.entry();
        return new StoredRow(
                row.sequence(),
                PageJson.write(row),
                entry.timeMillis(),
                entry.result().status(),
                PageTerms.hashes(row),
                row.isPartOfConversation() ? Conversation.of(row) : null);
    }

    /** The same row with its {@link #sequence}. */
    StoredRow at(long place) {
        return new StoredRow(place, json, timeMillis, status, terms, conversation);
    }

    /** Its place among those of its writer: each is written once, in this order; 0 as long as it has none. */
    long sequence() {
        return sequence;
    }

    /** An array of the values of {@link AuditColumns}. Not to be changed. */
    byte[] json() {
        return json;
    }

    /** When its request came. */
    long timeMillis() {
        return timeMillis;
    }

    int status() {
        return status;
    }

    /** The names in it, for {@link PageTerms}. Not to be changed. */
    long[] terms() {
        return terms;
    }

    /** The one it belongs to, if it was answered and belongs to one with others. */
    @Nullable
    Conversation conversation() {
        return conversation;
    }

    /** What it takes in memory, roughly. */
    int weight() {
        return OBJECT_BYTES + json.length;
    }
}
