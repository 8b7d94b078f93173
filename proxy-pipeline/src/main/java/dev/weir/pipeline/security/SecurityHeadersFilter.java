package dev.weir.pipeline.security;

import dev.weir.core.Downstream;
import dev.weir.core.Headers;
import dev.weir.core.ResponseFilter;
import dev.weir.core.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * Tells browsers not to guess types, not to show an answer in a frame and not to pass addresses on; pages also get a content
 * security policy unless they bring their own. Stateless, shared by all exchanges.
 */
final class SecurityHeadersFilter implements ResponseFilter {
    private static final String POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
            + "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    @Override
    public void onHead(ResponseHead head, Downstream next) {
        Headers headers = head.headers();
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("X-Frame-Options", "DENY");
        headers.set("Referrer-Policy", "no-referrer");
        if (isPage(headers.get("Content-Type")) && !headers.contains("Content-Security-Policy")) {
            headers.add("Content-Security-Policy", POLICY);
        }
        next.writeHead(head);
    }

    private static boolean isPage(@Nullable String type) {
        return type != null
                && (type.regionMatches(true, 0, "text/html", 0, 9)
                        || type.regionMatches(true, 0, "application/xhtml+xml", 0, 21));
    }
}
