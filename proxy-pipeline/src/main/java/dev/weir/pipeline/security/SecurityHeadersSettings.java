package dev.weir.pipeline.security;

/** {@code security_headers} has nothing to set. */
public record SecurityHeadersSettings() {}
