/** Embeddings from backends whose endpoint takes one {@code prompt} at a time. */
@NullMarked
package dev.weir.backends.embeddings;

import org.jspecify.annotations.NullMarked;
