package dev.weir.pipeline.auth;

import dev.weir.core.GatewayException;
import dev.weir.pipeline.auth.KeyRows.Version;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All keys as they were at one version of the database. Immutable, and found in by any thread. */
final class KeySnapshot {
    private final Version version;
    private final KeyTable base;
    private final KeyTable changes;
    private final int size;

    /**
     * @param version what it shows
     * @param base the keys when all of them were read last
     * @param changes those that were changed since, revoked ones too; they count before the others
     */
    KeySnapshot(Version version, KeyTable base, KeyTable changes) {
        this.version = version;
        this.base = base;
        this.changes = changes;
        this.size = base.good() + changes.good() - replaced();
    }

    /** How many of {@code base} that were good are among the changes. */
    private int replaced() {
        int replaced = 0;
        for (int i = 0; i < changes.size(); i++) {
            int row = base.find(changes.row(i).digest());
            replaced += row >= 0 && base.wasGood(row) ? 1 : 0;
        }
        return replaced;
    }

    Version version() {
        return version;
    }

    KeyTable base() {
        return base;
    }

    /** What the key of that digest is good for, null if there is none; throws as {@link KeyStore#find} does. */
    @Nullable
    Grant find(byte[] digest) throws GatewayException {
        if (changes.size() > 0) {
            int row = changes.find(digest);
            if (row >= 0) {
                return changes.grant(row);
            }
        }
        int row = base.find(digest);
        return row < 0 ? null : base.grant(row);
    }

    /** How many secrets are good, or were when their table was made; blocked ones too, for that may end any time. */
    int size() {
        return size;
    }

    /** Every row that counts. */
    void forEach(Consumer<KeyTable.Row> consumer) {
        for (int i = 0; i < base.size(); i++) {
            KeyTable.Row row = base.row(i);
            if (changes.size() == 0 || changes.find(row.digest()) < 0) {
                consumer.accept(row);
            }
        }
        for (int i = 0; i < changes.size(); i++) {
            consumer.accept(changes.row(i));
        }
    }
}
