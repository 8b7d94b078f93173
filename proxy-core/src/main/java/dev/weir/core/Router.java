package dev.weir.core;

/** Finds the route of a request. Shared by all event loops: an immutable snapshot behind one volatile read. */
@FunctionalInterface
public interface Router {
    /** The route; an unknown path has one too, which answers 404. */
    Route route(RequestHead head);
}
