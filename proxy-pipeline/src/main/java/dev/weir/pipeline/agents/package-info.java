/** Answers shaped for a kind of client: so many tokens an event, so much time between events. */
@NullMarked
package dev.weir.pipeline.agents;

import org.jspecify.annotations.NullMarked;
