package dev.weir.server.config;

import dev.weir.server.config.YamlNode.Scalar;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Replaces {@code ${NAME}}, {@code ${NAME:-default}} and {@code ${file:/path}} inside scalars. It comes after parsing, so a
 * value can hold any character without changing the structure of the file, and what it brings is not looked at again.
 */
final class Substitution {
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([^}]*)(}?)");
    private static final Pattern VARIABLE = Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", Pattern.DOTALL);
    private static final String FILE = "file:";
    private static final long MAX_FILE_BYTES = 64 * 1024;

    private final Environment environment;
    private final Problems problems;

    Substitution(Environment environment, Problems problems) {
        this.environment = environment;
        this.problems = problems;
    }

    /** The scalar with its references replaced; {@link YamlNode.Broken} when one of them could not be. */
    YamlNode apply(Scalar scalar, boolean quoted) {
        Matcher reference = REFERENCE.matcher(scalar.text());
        StringBuilder text = new StringBuilder();
        Exposure exposure = scalar.exposure();
        boolean broken = false;
        boolean any = false;
        while (reference.find()) {
            any = true;
            String name = reference.group(1);
            exposure = exposure.or(name.startsWith(FILE) ? Exposure.SECRET : Exposure.SUBSTITUTED);
            try {
                String value = reference.group(2).isEmpty() ? unclosed() : value(name);
                reference.appendReplacement(text, Matcher.quoteReplacement(value));
            } catch (IllegalArgumentException e) {
                problems.add(scalar.location(), String.valueOf(e.getMessage()));
                broken = true;
            }
        }
        if (broken) {
            return new YamlNode.Broken(scalar.location());
        }
        if (!any) {
            return scalar;
        }
        reference.appendTail(text);
        return new Scalar(scalar.location(), text.toString(), tag(text.toString(), quoted), exposure);
    }

    /** An unquoted scalar may become a number or a boolean; it never becomes "nothing", which would mean a missing key. */
    private static Tag tag(String text, boolean quoted) {
        Tag tag = quoted ? Tag.STR : new Resolver().resolve(NodeId.scalar, text, true);
        return tag.equals(Tag.NULL) ? Tag.STR : tag;
    }

    private static String unclosed() {
        throw new IllegalArgumentException("\"${\" without \"}\"");
    }

    private String value(String name) {
        if (name.startsWith(FILE)) {
            return fileContent(name.substring(FILE.length()));
        }
        Matcher variable = VARIABLE.matcher(name);
        if (!variable.matches() || name.contains("${")) {
            throw new IllegalArgumentException(
                    "malformed reference (expected: ${NAME}, ${NAME:-default} or ${file:/path})");
        }
        String value = environment.variable(variable.group(1));
        String fallback = variable.group(2);
        if (fallback != null) {
            return value == null || value.isEmpty() ? fallback : value;
        }
        if (value == null) {
            throw new IllegalArgumentException("variable " + variable.group(1) + " is not set and has no default");
        }
        return value;
    }

    private String fileContent(String name) {
        try {
            Path file = environment.resolve(name);
            if (Files.size(file) > MAX_FILE_BYTES || !Files.isRegularFile(file)) {
                throw new IllegalArgumentException("file " + name + " is not a plain file of at most 64KiB");
            }
            return Files.readString(file).replaceFirst("\\R\\z", "");
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("file " + name + " is not UTF-8 text", e);
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException(
                    "cannot read file " + name + " (" + e.getClass().getSimpleName() + ")", e);
        }
    }
}
