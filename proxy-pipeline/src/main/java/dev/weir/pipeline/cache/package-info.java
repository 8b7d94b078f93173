/** Answers that were given already: embeddings, and chats that can only be answered one way. */
@NullMarked
package dev.weir.pipeline.cache;

import org.jspecify.annotations.NullMarked;
