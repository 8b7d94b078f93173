package dev.weir.pipeline.auth;

import dev.weir.core.Identity;
import dev.weir.core.RequestHead;
import dev.weir.core.Route.Access;
import java.util.Set;

/**
 * What a key is good for.
 *
 * @param identity who sends it
 * @param routes the kinds of route it may use
 * @param onlyReads whether it may only look at management
 * @param budget tokens it may use
 */
record Grant(Identity identity, Set<Access> routes, boolean onlyReads, KeyBudget budget) {
    Grant {
        routes = Set.copyOf(routes);
    }

    boolean allows(Access access) {
        return routes.contains(access);
    }

    /** Whether {@code request}, for a management route, is one of those it may send. */
    boolean allowsManagement(RequestHead request) {
        return !onlyReads || request.isHead() || request.method().equals("GET");
    }
}
