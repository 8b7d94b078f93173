/** What looks at an installation and says what is wrong with it, and how to mend it: {@code doctor} and {@code smoke}. */
@NullMarked
package dev.weir.server.diagnosis;

import org.jspecify.annotations.NullMarked;
