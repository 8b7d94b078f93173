package dev.weir.pipeline.auth;

import dev.weir.core.Identity;
import dev.weir.core.Route.Access;
import java.util.Set;

/**
 * What a key is good for.
 *
 * @param identity who sends it
 * @param routes the kinds of route it may use
 */
record Grant(Identity identity, Set<Access> routes) {
    Grant {
        routes = Set.copyOf(routes);
    }

    boolean allows(Access access) {
        return routes.contains(access);
    }
}
