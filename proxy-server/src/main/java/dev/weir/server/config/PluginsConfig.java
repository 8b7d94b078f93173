package dev.weir.server.config;

import dev.weir.core.Default;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** {@code plugins}: the directory of jars with further middleware; null = none. */
public record PluginsConfig(@Default("") @Nullable Path directory) {}
