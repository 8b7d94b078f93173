package dev.weir.pipeline.audit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Chats that belong together.
 *
 * @param user who asked last
 * @param model asked last
 * @param title the first words; empty unless bodies are kept
 * @param alone whether it is a single chat whose sender says nothing of a conversation: its record is all there is of it
 * @param requests how many were answered
 */
public record Conversation(
        Id id,
        String user,
        String model,
        String title,
        boolean alone,
        long requests,
        long createdAtMillis,
        long updatedAtMillis) {

    /**
     * Which conversation.
     *
     * @param name what its sender calls it, or the id of its only request
     * @param keyId the sender's key: other keys may use the same name for other conversations
     */
    public record Id(String name, String keyId) implements Comparable<Id> {
        private static final Comparator<Id> ORDER =
                Comparator.comparing(Id::name).thenComparing(Id::keyId);

        @Override
        public int compareTo(Id other) {
            return ORDER.compare(this, other);
        }
    }

    /**
     * Its place among others: those that went on last first.
     *
     * @param updatedAtMillis when the last request came
     */
    record Place(long updatedAtMillis, String id, String keyId) implements Comparable<Place> {
        /** As databases compare bytes: no two of them need agree on an alphabet. */
        private static final Comparator<String> BYTES = (one, other) ->
                Arrays.compareUnsigned(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));

        private static final Comparator<Place> ORDER = Comparator.comparingLong(Place::updatedAtMillis)
                .thenComparing(Place::id, BYTES)
                .thenComparing(Place::keyId, BYTES);

        /** In front of it are all conversations of that moment and of later ones, for none has an empty name. */
        static Place behindAllOf(long millis) {
            return new Place(millis, "", "");
        }

        /** The last moment that has something behind this place. */
        long lastMillisBehind() {
            return id.isEmpty() ? updatedAtMillis - 1 : updatedAtMillis;
        }

        static Place read(String cursor) {
            List<String> parts = Cursor.read(cursor, 3);
            return new Place(Cursor.number(parts.get(0)), parts.get(1), parts.get(2));
        }

        String cursor() {
            return Cursor.of(updatedAtMillis, id, keyId);
        }

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }
    }

    static final Comparator<Conversation> NEWEST_FIRST =
            Comparator.comparing(Conversation::place).reversed();

    Place place() {
        return new Place(updatedAtMillis, id.name(), id.keyId());
    }

    static Conversation of(AuditRow row) {
        AuditEntry entry = row.entry();
        return new Conversation(
                new Id(entry.call().conversation(), entry.sender().keyId()),
                entry.sender().user(),
                entry.call().model(),
                row.title(),
                row.alone(),
                1,
                entry.timeMillis(),
                entry.timeMillis());
    }

    /** These requests and {@code later} ones. */
    Conversation and(Conversation later) {
        return new Conversation(
                id,
                later.user,
                later.model,
                title.isEmpty() ? later.title : title,
                alone,
                requests + later.requests,
                Math.min(createdAtMillis, later.createdAtMillis),
                Math.max(updatedAtMillis, later.updatedAtMillis));
    }
}
