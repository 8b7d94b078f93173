/** The stores middlewares keep things in: the database and Redis. */
@NullMarked
package dev.weir.pipeline.store;

import org.jspecify.annotations.NullMarked;
