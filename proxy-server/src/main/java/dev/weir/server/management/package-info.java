/** What operators and their tools ask of a running gateway: its health, its configuration, its backends. */
@NullMarked
package dev.weir.server.management;

import org.jspecify.annotations.NullMarked;
