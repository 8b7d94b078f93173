package dev.weir.pipeline.audit;

import dev.weir.pipeline.audit.AuditPages.Head;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes pages of rows as they come, while they are still in the processor's cache. Confined to one thread. */
final class PageBuilder {
    private static final int MAX_RECORDS = AuditPages.MAX_RECORDS;

    private final List<NewPage> pages = new ArrayList<>();
    private @Nullable PageBuffer json;
    private PageTerms terms = new PageTerms();
    private int records;
    private long firstTime;
    private long lastTime;
    private int maxStatus;
    private long weight;

    /** One that has no place in the file yet. */
    static final class NewPage {
        private final Head head;
        private final byte[] json;

        private NewPage(Head head, byte[] json) {
            this.head = head;
            this.json = json;
        }

        /** With an id that says nothing. */
        Head head() {
            return head;
        }

        /** Not to be changed. */
        byte[] json() {
            return json;
        }
    }

    static List<NewPage> pagesOf(List<AuditRow> rows) {
        PageBuilder builder = new PageBuilder();
        rows.forEach(builder::add);
        return builder.pages();
    }

    void add(AuditRow row) {
        long time = row.entry().timeMillis();
        if (records > 0 && !fits(row, time)) {
            end();
        }
        if (json == null) {
            json = PageBuffer.take();
            firstTime = time;
            lastTime = time;
        }
        json.sign(records == 0 ? '[' : ',');
        PageJson.write(json, row);
        terms.add(row);
        records++;
        firstTime = Math.min(firstTime, time);
        lastTime = Math.max(lastTime, time);
        maxStatus = Math.max(maxStatus, row.entry().result().status());
        weight += row.weight();
    }

    private boolean fits(AuditRow row, long time) {
        return records < MAX_RECORDS
                && weight + row.weight() <= AuditPages.MAX_BYTES
                && Math.max(lastTime, time) - Math.min(firstTime, time) <= AuditPages.MAX_SPAN_MILLIS;
    }

    private void end() {
        if (json != null) {
            json.sign(']');
            pages.add(new NewPage(new Head(0, records, firstTime, lastTime, maxStatus, terms), json.bytes()));
            json.close();
        }
        json = null;
        terms = new PageTerms();
        records = 0;
        maxStatus = 0;
        weight = 0;
    }

    /** What was added; nothing is to be added any more. */
    List<NewPage> pages() {
        end();
        return pages;
    }
}
