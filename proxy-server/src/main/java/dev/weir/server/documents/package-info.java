/** Static documents of a directory, under {@code /docs}. */
@NullMarked
package dev.weir.server.documents;

import org.jspecify.annotations.NullMarked;
