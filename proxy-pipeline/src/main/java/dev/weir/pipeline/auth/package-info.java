/** Who may call: keys, and clients without one. */
@NullMarked
package dev.weir.pipeline.auth;

import org.jspecify.annotations.NullMarked;
