package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.PageBuilder.NewPage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows that go into the database together, of one writer and in their order. Confined to the writer's thread until it is sent;
 * not changed from then on.
 */
final class AuditBatch {
    static final int MAX_ROWS = 500;
    static final long MAX_WEIGHT = 4L << 20;

    private final List<AuditRow> rows = new ArrayList<>();
    private @Nullable PageBuilder builder;
    private long weight;

    /** @param inPages whether it is to be written in pages: then they are made as rows come */
    AuditBatch(boolean inPages) {
        this.builder = inPages ? new PageBuilder() : null;
    }

    void add(AuditRow row) {
        PageBuilder pages = builder;
        if (pages != null) {
            // If memory ends in the middle of a row, its page is no page: they are made anew later, of rows.
            builder = null;
            pages.add(row);
            builder = pages;
        }
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

    List<AuditRow> rows() {
        return rows;
    }

    /** The same as pages, if it is to be written in them, else none. Called before it is sent; no row comes from then on. */
    List<NewPage> pages() {
        return builder == null ? List.of() : builder.pages();
    }
}
