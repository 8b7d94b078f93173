package dev.weir.pipeline.audit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Names whose values are secrets, however people write them. Immutable. */
final class SecretNames {
    private static final int ASCII = 128;

    /** What words are made of: letters, digits, {@code _} and {@code -}. */
    private static final boolean[] WORD = new boolean[ASCII];

    static {
        for (char c = 0; c < ASCII; c++) {
            WORD[c] =
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        }
    }

    private final Set<String> names = new HashSet<>();

    /** The same by their first letter, those that begin with an ASCII one: most words of a prompt begin as none of them. */
    private final String[][] byFirst = new String[ASCII][];

    /** The letters that names end with, which fewer words end with than begin as one. */
    private final boolean[] last = new boolean[ASCII];

    private final boolean allWords;

    SecretNames(List<String> names) {
        names.forEach(name -> this.names.add(normal(name)));
        Map<Character, List<String>> grouped = new HashMap<>();
        for (String name : this.names) {
            if (!name.isEmpty()) {
                grouped.computeIfAbsent(name.charAt(0), first -> new ArrayList<>())
                        .add(name);
            }
        }
        for (int first = 0; first < byFirst.length; first++) {
            byFirst[first] = grouped.getOrDefault((char) first, List.of()).toArray(new String[0]);
        }
        for (String name : this.names) {
            char end = name.isEmpty() ? ASCII : name.charAt(name.length() - 1);
            if (end < ASCII) {
                last[end] = true;
            }
        }
        allWords = this.names.stream().allMatch(name -> !name.isEmpty() && isWords(name, 0, name.length()));
    }

    /** A name without what people write differently: {@code apiKey}, {@code API-Key} and {@code api_key} are one. */
    static String normal(CharSequence name) {
        StringBuilder normal = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (!isJoint(c)) {
                normal.append(c);
            }
        }
        return normal.toString().strip().toLowerCase(Locale.ROOT);
    }

    static boolean isWord(char c) {
        return c < ASCII && WORD[c];
    }

    /** Whether nothing but words stands there. */
    static boolean isWords(String text, int start, int end) {
        for (int i = start; i < end; i++) {
            if (!isWord(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    static boolean isJoint(char c) {
        return c == '_' || c == '-';
    }

    /** Whether every name is one word. */
    boolean areWords() {
        return allWords;
    }

    boolean contains(CharSequence name) {
        return names.contains(normal(name));
    }

    /** Whether the words there are a name. Looked at without making a string of each word of a prompt. */
    boolean contains(String text, int start, int end) {
        int first = start;
        while (first < end && isJoint(text.charAt(first))) {
            first++;
        }
        if (first == end) {
            return false;
        }
        for (String name : byFirst[Character.toLowerCase(text.charAt(first))]) {
            if (isName(text, first, end, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a name may end with {@code c}, a part of a word: what joins words may stand behind a name. */
    boolean mayEndWith(char c) {
        return isJoint(c) || last[Character.toLowerCase(c)];
    }

    /** Whether the words there are a name, the first of which begins at {@code first}: the same for ASCII in bytes. */
    boolean contains(byte[] text, int first, int end) {
        for (String name : byFirst[Character.toLowerCase((char) text[first])]) {
            if (isName(text, first, end, name)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isName(byte[] text, int start, int end, String name) {
        int matched = 0;
        for (int at = start; at < end; at++) {
            char c = (char) text[at];
            if (isJoint(c)) {
                continue;
            }
            if (matched == name.length() || Character.toLowerCase(c) != name.charAt(matched)) {
                return false;
            }
            matched++;
        }
        return matched == name.length();
    }

    private static boolean isName(String text, int start, int end, String name) {
        int matched = 0;
        for (int at = start; at < end; at++) {
            char c = text.charAt(at);
            if (isJoint(c)) {
                continue;
            }
            if (matched == name.length() || Character.toLowerCase(c) != name.charAt(matched)) {
                return false;
            }
            matched++;
        }
        return matched == name.length();
    }
}
