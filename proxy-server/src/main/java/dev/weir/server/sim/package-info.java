/** A simulated language-model server that speaks the Ollama and OpenAI APIs, for trials, tests and load tests. */
@NullMarked
package dev.weir.server.sim;

import org.jspecify.annotations.NullMarked;
