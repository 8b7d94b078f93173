package dev.weir.core;

/**
 * Who sends a request, as the auth middleware found out.
 *
 * @param id stable and free of secrets: {@code master}, {@code management}, {@code anonymous} or a key's id
 * @param unlimited whether limits do not apply (the master key)
 * @param mayManage whether it may use management, and be told what only operators should know
 */
public record Identity(String id, boolean unlimited, boolean mayManage) {
    public static final Key<Identity> KEY = Key.of("identity");
}
