/** What answers cost: tokens counted as they pass, kept in the database, and told to those who manage. */
@NullMarked
package dev.weir.pipeline.usage;

import org.jspecify.annotations.NullMarked;
