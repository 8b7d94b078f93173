package dev.weir.pipeline.cors;

import dev.weir.core.Headers;
import java.util.ArrayList;
import java.util.List;

/**
 * The names of response headers that a page may read. Browsers know no patterns, so these are replaced by the names in an
 * answer that match them. Immutable.
 */
final class ExposedHeaders {
    private final String names;
    private final List<String> prefixes;

    ExposedHeaders(List<String> settings) {
        List<String> whole = new ArrayList<>();
        List<String> beginnings = new ArrayList<>();
        for (String name : settings) {
            if (name.length() > 1 && name.endsWith("*")) {
                beginnings.add(name.substring(0, name.length() - 1));
            } else {
                whole.add(name);
            }
        }
        names = String.join(", ", whole);
        prefixes = List.copyOf(beginnings);
    }

    /** The value of {@code Access-Control-Expose-Headers} for an answer; possibly empty. */
    String of(Headers answer) {
        StringBuilder list = null;
        for (int i = 0; i < answer.size(); i++) {
            String name = answer.name(i);
            if (matches(name)) {
                if (list == null) {
                    list = new StringBuilder(128).append(names);
                }
                list.append(list.isEmpty() ? "" : ", ").append(name);
            }
        }
        return list == null ? names : list.toString();
    }

    private boolean matches(String name) {
        for (String prefix : prefixes) {
            if (name.regionMatches(true, 0, prefix, 0, prefix.length())) {
                return true;
            }
        }
        return false;
    }
}
