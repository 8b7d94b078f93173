package dev.weir.server.config;

import java.util.Collection;
import java.util.List;

/** What became of reading a configuration. */
public sealed interface LoadResult {
    /** The configuration is valid. */
    record Loaded(WeirConfig config, Section root) implements LoadResult {
        /**
         * Checks the names in {@code pipeline}, {@code routes} and {@code middleware} against the middlewares there are, which
         * only the caller knows.
         */
        public List<Problem> unknownMiddlewares(Collection<String> known) {
            Problems problems = new Problems();
            new CrossReferences(root.mapping(), problems).middlewares(known);
            return problems.list();
        }
    }

    /** It is not; here is everything that is wrong, in the order of the file. */
    record Rejected(List<Problem> problems) implements LoadResult {}
}
