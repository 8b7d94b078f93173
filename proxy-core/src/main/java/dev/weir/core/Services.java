package dev.weir.core;

import java.nio.file.Path;
import java.util.concurrent.ScheduledExecutorService;

/** What the server lends its middlewares. */
public interface Services {
    /** For work that may block, bounded; never for a request's own path without {@link Verdict#await}. */
    ScheduledExecutorService background();

    /** Where relative paths of the configuration begin. */
    Path stateDirectory();
}
