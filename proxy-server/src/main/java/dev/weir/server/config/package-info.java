/**
 * Reads the configuration file. The way of a configuration: {@link ConfigLoader} reads the text; {@code YamlReader} turns it
 * into a tree of {@code YamlNode}s in which every value knows its place and {@code ${NAME}} is substituted; {@code Binder}
 * turns the tree into records, {@code @Default} filling what is missing; {@code CrossReferences} checks what one record alone
 * cannot see. Whatever is wrong on the way becomes a {@link Problem}, and all problems are reported together.
 *
 * <p>Reading takes files and belongs on no event loop; what has been read is immutable, for any thread.
 */
@NullMarked
package dev.weir.server.config;

import org.jspecify.annotations.NullMarked;
