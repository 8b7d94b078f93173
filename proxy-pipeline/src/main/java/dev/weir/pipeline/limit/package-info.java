/** The {@code rate_limit} middleware: requests and tokens a minute, and requests in flight, for keys, models and all together. */
@NullMarked
package dev.weir.pipeline.limit;

import org.jspecify.annotations.NullMarked;
