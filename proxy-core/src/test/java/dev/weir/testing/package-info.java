/**
 * The test kit of all modules: raw-socket peers on either side of the gateway, bounded waiting, and the leak check that
 * runs on every test class. Knows no other Weir code, so that a fault of the engine cannot hide in it.
 */
@NullMarked
package dev.weir.testing;

import org.jspecify.annotations.NullMarked;
