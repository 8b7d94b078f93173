/** Measures Weir beside other proxies on one machine: {@code weir-bench} at the root of the checkout. */
@NullMarked
package dev.weir.bench;

import org.jspecify.annotations.NullMarked;
