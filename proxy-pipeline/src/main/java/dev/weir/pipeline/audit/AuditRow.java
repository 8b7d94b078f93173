package dev.weir.pipeline.audit;

/**
 * An entry on its way to the database.
 *
 * @param sequence its place among those of its writer: each is written once, in this order. Of one that was read, its number
 *     in the database
 * @param title what its conversation is called if it is the first of it
 * @param alone whether it is a chat whose sender says nothing of a conversation: it is one by itself
 */
record AuditRow(long sequence, AuditEntry entry, String title, boolean alone) {
    /** Whether it belongs with others to a conversation that was answered. */
    boolean isPartOfConversation() {
        return !alone && !entry.call().conversation().isEmpty() && isAnswered();
    }

    /** Whether it is a conversation by itself, and was answered. */
    boolean isAnsweredAlone() {
        return alone && isAnswered();
    }

    private boolean isAnswered() {
        return entry.result().status() / 100 == 2;
    }

    AuditRow withoutBodies() {
        return new AuditRow(sequence, entry.withoutBodies(), title, alone);
    }
}
