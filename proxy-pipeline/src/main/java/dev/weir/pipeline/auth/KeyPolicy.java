package dev.weir.pipeline.auth;

import dev.weir.core.Limits;
import dev.weir.core.ModelPatterns;
import dev.weir.core.Route.Access;
import java.util.EnumSet;
import java.util.Set;

/**
 * What many keys have in common, kept once for all of them.
 *
 * @param blocked refused for now
 * @param revoked refused for ever; a snapshot holds it until all keys are read again
 */
record KeyPolicy(
        Set<KeyScope> scopes, ModelPatterns models, Limits limits, KeyBudget budget, boolean blocked, boolean revoked) {
    KeyPolicy {
        scopes = Set.copyOf(scopes);
    }

    boolean mayManage() {
        return scopes.contains(KeyScope.MANAGEMENT) || scopes.contains(KeyScope.READ_ONLY);
    }

    /** Whether management is only to be looked at. */
    boolean onlyReads() {
        return !scopes.contains(KeyScope.MANAGEMENT);
    }

    Set<Access> routes() {
        Set<Access> routes = EnumSet.noneOf(Access.class);
        if (scopes.contains(KeyScope.CLIENT)) {
            routes.add(Access.CLIENT);
        }
        if (mayManage()) {
            routes.add(Access.MANAGEMENT);
        }
        return routes;
    }
}
