/** Browsers that call from pages of other origins. */
@NullMarked
package dev.weir.pipeline.cors;

import org.jspecify.annotations.NullMarked;
