@NullMarked
package dev.weir.backends;

import org.jspecify.annotations.NullMarked;
