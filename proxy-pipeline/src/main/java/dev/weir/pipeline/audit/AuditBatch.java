package dev.weir.pipeline.audit;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows that go into the database together, of one writer and in their order. Confined to the writer's thread until it is sent;
 * not changed from then on.
 */
final class AuditBatch {
    static final int MAX_ROWS = 500;
    static final long MAX_WEIGHT = 4L << 20;

    private final List<StoredRow> rows = new ArrayList<>();
    private long weight;

    void add(StoredRow row) {
        rows.add(row);
        weight += row.weight();
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Whether no more rows fit. */
    boolean isFull() {
        return rows.size() >= MAX_ROWS || weight >= MAX_WEIGHT;
    }

    List<StoredRow> rows() {
        return rows;
    }
}
