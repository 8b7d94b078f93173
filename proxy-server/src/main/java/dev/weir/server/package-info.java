/**
 * The composition root. {@link dev.weir.server.Main} is the command line; {@link dev.weir.server.Gateway} is one running
 * gateway; {@code RouteTables} is the table of contents of what it answers; {@code EngineAssembly} says what the
 * configuration says in the words of the modules below, which read none.
 */
@NullMarked
package dev.weir.server;

import org.jspecify.annotations.NullMarked;
