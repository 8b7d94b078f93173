package dev.weir.pipeline.transform;

import dev.weir.core.Downstream;
import dev.weir.core.Headers;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import java.util.List;
import java.util.Map;

/**
 * Fields to remove from a head and to set in it. A filter for the heads of answers as well. Immutable, so that exchanges
 * share one; runs on the event loop.
 */
final class HeaderEdits implements ResponseFilter {
    private final String[] remove;
    private final String[] names;
    private final String[] values;

    HeaderEdits(Map<String, String> set, List<String> remove) {
        this.remove = remove.toArray(String[]::new);
        this.names = set.keySet().stream().sorted().toArray(String[]::new);
        this.values = set.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(Map.Entry::getValue)
                .toArray(String[]::new);
    }

    boolean isEmpty() {
        return remove.length == 0 && names.length == 0;
    }

    void apply(Headers headers) {
        for (String name : remove) {
            headers.remove(name);
        }
        for (int i = 0; i < names.length; i++) {
            headers.set(names[i], values[i]);
        }
    }

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        apply(head.headers());
        next.writeHead(head);
    }
}
