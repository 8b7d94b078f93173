/** Headers that keep browsers from misusing an answer. */
@NullMarked
package dev.weir.pipeline.security;

import org.jspecify.annotations.NullMarked;
