package dev.weir.server.config;

import dev.weir.server.config.YamlNode.Broken;
import dev.weir.server.config.YamlNode.Entry;
import dev.weir.server.config.YamlNode.Mapping;
import dev.weir.server.config.YamlNode.Scalar;
import dev.weir.server.config.YamlNode.Sequence;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.ReaderException;

/**
 * Turns YAML text into a tree in which every value knows its place and is substituted. Only YAML's own types are read, no
 * class is ever named by a file; text, nesting, aliases and the size of the tree they unfold to are bounded.
 */
final class YamlReader {
    private static final int MAX_TEXT_CHARS = 1 << 20;
    private static final int MAX_NESTING = 50;
    private static final int MAX_COLLECTION_ALIASES = 200;
    private static final int MAX_NODES = 100_000;
    private static final Set<Tag> TAGS =
            Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.TIMESTAMP, Tag.MERGE, Tag.SEQ, Tag.MAP);

    private static final String TAG_REFUSED = "tags are not supported; a value that begins with ! must stand in quotes";

    private final Location root;
    private final boolean located;
    private final Substitution substitution;
    private final Problems problems;
    private final Set<Node> unfinished = Collections.newSetFromMap(new IdentityHashMap<>());
    private int nodes;

    private YamlReader(Location root, boolean located, Environment environment, Problems problems) {
        this.root = root;
        this.located = located;
        this.substitution = new Substitution(environment, problems);
        this.problems = problems;
    }

    /** Reads a file's text. An empty one is an empty map; one that is no YAML is {@link Broken}, the problem reported. */
    static YamlNode readFile(String text, String file, Environment environment, Problems problems) {
        return new YamlReader(Location.startOf(file), true, environment, problems).read(text);
    }

    /** Reads text that stands in no file, a default: all of it has the place of what it stands for. */
    static YamlNode readDefault(String text, Location place, Environment environment, Problems problems) {
        return new YamlReader(place, false, environment, problems).read(text);
    }

    /** The same for a default that is one scalar and taken as it stands, whatever YAML would make of it. */
    static YamlNode readDefaultScalar(String text, Location place, Environment environment, Problems problems) {
        return new Substitution(environment, problems).apply(new Scalar(place, text, Tag.STR, Exposure.OPEN), true);
    }

    private YamlNode read(String text) {
        if (text.length() > MAX_TEXT_CHARS) {
            problems.add(root, "longer than " + MAX_TEXT_CHARS + " characters");
            return new Broken(root);
        }
        LoaderOptions options = new LoaderOptions();
        options.setNestingDepthLimit(MAX_NESTING);
        options.setMaxAliasesForCollections(MAX_COLLECTION_ALIASES);
        try {
            Node document = new Yaml(options).compose(new StringReader(text));
            return document == null ? Mapping.empty(root) : convert(document, root, Exposure.OPEN);
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark();
            problems.add(mark == null ? root : at(root, mark), "not valid YAML: " + withoutNames(e.getProblem()));
        } catch (ReaderException e) {
            String before = text.substring(0, text.offsetByCodePoints(0, e.getPosition()));
            int line = (int) before.chars().filter(c -> c == '\n').count() + 1;
            problems.add(
                    root.at(line, before.length() - before.lastIndexOf('\n')),
                    String.format("not valid YAML: the character U+%04X is not allowed", e.getCodePoint()));
        } catch (YAMLException e) {
            problems.add(root, "not valid YAML: " + e.getMessage());
        }
        return new Broken(root);
    }

    /** A secret written without quotes may look like an alias or a tag; YAML's own messages would quote it. */
    private static String withoutNames(String problem) {
        if (problem.startsWith("found undefined alias")) {
            return "undefined alias; a value that begins with * must stand in quotes";
        }
        return problem.startsWith("Global tag") ? TAG_REFUSED : problem;
    }

    private YamlNode convert(Node node, Location parent, Exposure exposure) {
        Location location = at(parent, node.getStartMark());
        if (++nodes > MAX_NODES) {
            if (nodes == MAX_NODES + 1) {
                problems.add(location, "the aliases of this file unfold to more than " + MAX_NODES + " values");
            }
            return new Broken(location);
        }
        if (!TAGS.contains(node.getTag())) {
            problems.add(location, TAG_REFUSED);
            return new Broken(location);
        }
        if (node instanceof ScalarNode scalar) {
            Scalar written = new Scalar(location, scalar.getValue(), scalar.getTag(), exposure);
            return substitution.apply(written, !scalar.isPlain());
        }
        if (!unfinished.add(node)) {
            problems.add(location, "an alias stands inside the value it names");
            return new Broken(location);
        }
        YamlNode converted = node instanceof MappingNode mapping
                ? mapping(mapping, location, exposure)
                : sequence((SequenceNode) node, location, exposure);
        unfinished.remove(node);
        return converted;
    }

    private Sequence sequence(SequenceNode node, Location location, Exposure exposure) {
        List<YamlNode> items = new ArrayList<>();
        for (Node item : node.getValue()) {
            items.add(convert(item, location.item(items.size()), exposure));
        }
        return new Sequence(location, Collections.unmodifiableList(items));
    }

    private Mapping mapping(MappingNode node, Location location, Exposure exposure) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        List<Node> merged = new ArrayList<>();
        for (NodeTuple tuple : node.getValue()) {
            if (tuple.getKeyNode().getTag().equals(Tag.MERGE)) {
                merged.add(tuple.getValueNode());
            } else {
                entry(tuple, location, exposure, entries);
            }
        }
        Mapping written = new Mapping(location, Collections.unmodifiableMap(entries));
        return merged.isEmpty() ? written : merge(merged, written, exposure);
    }

    private void entry(NodeTuple tuple, Location parent, Exposure exposure, Map<String, Entry> entries) {
        Location place = at(parent, tuple.getKeyNode().getStartMark());
        if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
            problems.add(place, "a key must be text");
            return;
        }
        String key = keyNode.getValue();
        Location keyLocation = place.key(key);
        boolean secret = Secrets.isSecret(key, tuple.getValueNode() instanceof MappingNode);
        YamlNode value = convert(tuple.getValueNode(), keyLocation, secret ? Exposure.SECRET : exposure);
        Entry earlier = entries.putIfAbsent(key, new Entry(keyLocation, value));
        if (earlier != null) {
            problems.add(
                    keyLocation,
                    "duplicate key",
                    "first written in line " + earlier.keyLocation().line());
        }
    }

    /** YAML's {@code <<}: the maps it names lie under the keys written here, whole values at a time. */
    private Mapping merge(List<Node> merged, Mapping written, Exposure exposure) {
        Map<String, Entry> entries = new LinkedHashMap<>(written.entries());
        for (Node node : merged) {
            List<Node> sources = node instanceof SequenceNode sequence ? sequence.getValue() : List.of(node);
            for (Node source : sources) {
                if (convert(source, written.location(), exposure) instanceof Mapping mapping) {
                    mapping.entries().forEach(entries::putIfAbsent);
                } else {
                    problems.add(at(written.location(), source.getStartMark()), "\"<<\" expects a map");
                }
            }
        }
        return new Mapping(written.location(), Collections.unmodifiableMap(entries));
    }

    private Location at(Location location, @Nullable Mark mark) {
        return located && mark != null ? location.at(mark.getLine() + 1, mark.getColumn() + 1) : location;
    }
}
