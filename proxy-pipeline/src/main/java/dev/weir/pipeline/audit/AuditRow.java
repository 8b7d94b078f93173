package dev.weir.pipeline.audit;

/**
 * An entry before it is stored, or as it was read.
 *
 * @param sequence of one that was read, its number in the database; else its place among those of its writer, or 0
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
