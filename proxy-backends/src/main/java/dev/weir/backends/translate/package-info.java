/** Requests and answers told in another API: Ollama's to servers that speak OpenAI's, and the other way round. */
@NullMarked
package dev.weir.backends.translate;

import org.jspecify.annotations.NullMarked;
