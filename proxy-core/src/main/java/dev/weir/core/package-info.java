@NullMarked
package dev.weir.core;

import org.jspecify.annotations.NullMarked;
