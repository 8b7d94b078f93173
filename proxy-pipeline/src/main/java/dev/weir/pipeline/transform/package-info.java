/** Requests and answers that change on their way: parameters, headers. */
@NullMarked
package dev.weir.pipeline.transform;

import org.jspecify.annotations.NullMarked;
