/** What is seen of a running gateway: metrics, the access log, the log. */
@NullMarked
package dev.weir.server.observe;

import org.jspecify.annotations.NullMarked;
