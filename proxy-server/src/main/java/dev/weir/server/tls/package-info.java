/** Certificates of listeners: read, watched, replaced while connections stay, and made for internal use. */
@NullMarked
package dev.weir.server.tls;

import org.jspecify.annotations.NullMarked;
