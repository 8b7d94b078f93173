package dev.weir.core;

/**
 * A request without its body, after the framing checks.
 *
 * @param method the method token, as sent
 * @param target the request target in origin form ({@code /path?query}) or {@code *}; visible ASCII only
 * @param path the target up to {@code ?}, still percent-encoded; holds no dot segment
 * @param http10 whether the client speaks HTTP/1.0, which knows neither chunks nor 1xx
 * @param host the authority asked for: that of an absolute-form target, else the Host field; empty only from HTTP/1.0
 * @param headers the field lines; middlewares may change them before the request goes upstream
 */
public record RequestHead(String method, String target, String path, boolean http10, String host, Headers headers) {

    public RequestHead(String method, String target, boolean http10, String host, Headers headers) {
        this(method, target, pathOf(target), http10, host, headers);
    }

    /** The raw query without its {@code ?}, or the empty string. */
    public String query() {
        return path.length() < target.length() ? target.substring(path.length() + 1) : "";
    }

    public boolean isHead() {
        return method.equals("HEAD");
    }

    private static String pathOf(String target) {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }
}
