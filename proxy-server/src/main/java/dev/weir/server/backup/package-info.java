/**
 * Copies of the database and of the configuration, kept in a directory, and the way back. {@code Backups} makes, finds, keeps
 * and drops them; a {@link Backup} is one of them, described by its {@link Manifest}; {@link Restore} takes one back, with a
 * copy of what it replaces.
 *
 * <p>For commands: blocks, and confined to one thread.
 */
@NullMarked
package dev.weir.server.backup;

import org.jspecify.annotations.NullMarked;
