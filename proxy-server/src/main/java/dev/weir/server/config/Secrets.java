package dev.weir.server.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells by their names which keys hold secrets, and hides the passwords of URLs. */
final class Secrets {
    static final String MASK = "***";

    private static final Pattern SECRET_KEY =
            Pattern.compile("(?:.*_)?(?:password|passwd|passphrase|secret|token|credentials?"
                    + "|authorization|(?:api|master|management|access|signing|encryption)_?keys?)");
    /** Up to the last @, so that a password holding one, or a slash, does not show its rest. */
    private static final Pattern USER_INFO = Pattern.compile("://(?:([^:@/]*):)?.*@");

    private static final Pattern URL_PASSWORD = Pattern.compile("([?&][A-Za-z_]*(?:password|token|secret)=)[^&]*");

    private Secrets() {}

    /** Whether the value of such a key is a secret. A map named {@code headers} counts: it often carries credentials. */
    static boolean isSecret(String key, boolean holdsMap) {
        return holdsMap ? key.equals("headers") : SECRET_KEY.matcher(key).matches();
    }

    /** The text with the passwords of a URL, if it is one, replaced by {@value #MASK}. */
    static String maskUrl(String text) {
        if (!text.contains("://")) {
            return text;
        }
        String masked = USER_INFO.matcher(text).replaceFirst(match -> {
            String user = match.group(1) == null ? "" : match.group(1) + ":";
            return Matcher.quoteReplacement("://" + user + MASK + "@");
        });
        return URL_PASSWORD.matcher(masked).replaceAll("$1" + MASK);
    }
}
