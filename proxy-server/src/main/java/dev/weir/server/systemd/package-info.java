/** What a service manager and its service tell each other: sd_notify(3), sd_listen_fds(3), the watchdog. */
@NullMarked
package dev.weir.server.systemd;

import org.jspecify.annotations.NullMarked;
