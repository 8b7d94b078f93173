package dev.weir.pipeline.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.weir.pipeline.audit.AuditColumns.Values;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The records of a page as JSON: an array of arrays, each with the values of {@link AuditColumns}. SQLite's own functions
 * read it as well, so that the view {@code audit} shows records to whoever opens the file.
 */
final class PageJson {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Where bodies begin, which stand last. */
    private static final int BODIES = AuditColumns.ALL.indexOf("request_body");

    private static final Map<String, Integer> PLACES = new HashMap<>();

    static {
        for (String column : AuditColumns.ALL) {
            PLACES.put(column, PLACES.size());
        }
    }

    private PageJson() {}

    /** One record. */
    static byte[] write(AuditRow row) {
        RowBuffer values = RowBuffer.begin();
        AuditColumns.write(values, row);
        return values.end();
    }

    /** A page of such records. */
    static byte[] page(List<StoredRow> rows) {
        int length = 1;
        for (StoredRow row : rows) {
            length = Math.addExact(length, row.json().length + 1);
        }
        byte[] page = new byte[length];
        int at = 0;
        for (StoredRow row : rows) {
            byte[] json = row.json();
            page[at] = (byte) (at == 0 ? '[' : ',');
            System.arraycopy(json, 0, page, at + 1, json.length);
            at += 1 + json.length;
        }
        page[at] = ']';
        return page;
    }

    /** Two arrays as one. */
    static byte[] join(byte[] first, byte[] second) {
        byte[] joined = new byte[first.length + second.length - 1];
        System.arraycopy(first, 0, joined, 0, first.length);
        System.arraycopy(second, 0, joined, first.length - 1, second.length);
        joined[first.length - 1] = ',';
        return joined;
    }

    /**
     * Hands the records to {@code each}, in the order in which they were written.
     *
     * @param first the number of the first one
     * @param bodies whether their bodies are read as well
     * @throws IOException if this is no page
     */
    static void decode(byte[] page, long first, boolean bodies, Consumer<AuditRow> each) throws IOException {
        try (JsonParser json = JSON.createParser(page)) {
            expect(json, JsonToken.START_ARRAY);
            long number = first;
            while (json.nextToken() == JsonToken.START_ARRAY) {
                each.accept(
                        AuditColumns.row(number, new StoredValues(json, bodies ? AuditColumns.ALL.size() : BODIES)));
                number++;
            }
        }
    }

    /**
     * A record, under the number {@code sequence}.
     *
     * @throws IOException if this is none
     */
    static AuditRow row(long sequence, byte[] row) throws IOException {
        try (JsonParser json = JSON.createParser(row)) {
            expect(json, JsonToken.START_ARRAY);
            return AuditColumns.row(sequence, new StoredValues(json, AuditColumns.ALL.size()));
        }
    }

    private static void expect(JsonParser json, JsonToken token) throws IOException {
        if (json.nextToken() != token) {
            throw new IOException("a page of the audit that is none (expected: an array of arrays)");
        }
    }

    /** The values of one record; what a later version has behind them is passed over, what an earlier one lacks is nothing. */
    private static final class StoredValues implements Values<RuntimeException> {
        private final @Nullable String[] texts = new @Nullable String[AuditColumns.ALL.size()];
        private final long[] numbers = new long[AuditColumns.ALL.size()];

        StoredValues(JsonParser json, int wanted) throws IOException {
            int place = 0;
            for (JsonToken token = json.nextToken(); token != JsonToken.END_ARRAY; token = json.nextToken()) {
                if (token == null) {
                    throw new IOException("a page of the audit that ends in the middle");
                }
                if (place < wanted) {
                    if (token == JsonToken.VALUE_STRING) {
                        texts[place] = json.getText();
                    } else if (token == JsonToken.VALUE_NUMBER_INT) {
                        numbers[place] = json.getLongValue();
                    }
                }
                place++;
            }
        }

        private static int place(String column) {
            Integer place = PLACES.get(column);
            if (place == null) {
                throw new IllegalArgumentException(column + " (expected: one of " + AuditColumns.ALL + ")");
            }
            return place;
        }

        @Override
        public @Nullable String text(String column) {
            return texts[place(column)];
        }

        @Override
        public long number(String column) {
            return numbers[place(column)];
        }
    }
}
