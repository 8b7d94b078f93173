/** Who asked what of whom: written down without making a request wait, kept through outages, found again. */
@NullMarked
package dev.weir.pipeline.audit;

import org.jspecify.annotations.NullMarked;
