package dev.weir.pipeline.transform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.core.JsonCursor;
import dev.weir.core.ModelProfile;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is said about a model's parameters, ready to be applied to bodies in one pass.
 *
 * <p>Names compare without regard to case: Go's decoder, and so Ollama, takes {@code Max_Tokens} for {@code max_tokens}. The
 * limit of an answer's tokens has several names, of which a cap means all: {@code max_tokens}, {@code
 * max_completion_tokens}, {@code max_output_tokens}, and {@code num_predict} among Ollama's options. In Ollama's own API
 * parameters of the model stand in {@code options}. Immutable; any thread.
 */
final class ParameterRules {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MAX_TOKENS = "max_tokens";
    private static final String NUM_PREDICT = "num_predict";
    private static final Set<String> ANSWER_TOKENS =
            Set.of(MAX_TOKENS, "max_completion_tokens", "max_output_tokens", NUM_PREDICT);

    /** What stands beside {@code options} in Ollama's own API, not in it. */
    private static final Set<String> OLLAMA_FIELDS =
            Set.of("format", "keep_alive", "raw", "shift", "stream", "system", "template", "think", "truncate");

    private final Map<String, Double> caps = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final Set<String> drops = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    private final List<Addition> all = new ArrayList<>();
    private final List<Addition> besideOptions = new ArrayList<>();
    private final List<Addition> inOptions = new ArrayList<>();

    private ParameterRules() {}

    /** A parameter for requests that lack it: its name in lower case, and a member of an object as JSON has it. */
    @SuppressWarnings("ArrayRecordComponent") // made once and copied out
    private record Addition(String name, byte[] value, byte[] member) {
        static Addition of(String name, Object value) {
            try {
                byte[] json = JSON.writeValueAsBytes(value);
                byte[] member = (JSON.writeValueAsString(name) + ":" + new String(json, StandardCharsets.UTF_8))
                        .getBytes(StandardCharsets.UTF_8);
                return new Addition(name.toLowerCase(Locale.ROOT), json, member);
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException(name + ": no value that JSON has", e);
            }
        }

        /** Whether a field called {@code present} makes this one superfluous. */
        boolean isGivenBy(String present) {
            return present.equalsIgnoreCase(name) || (isAnswerTokens(present) && isAnswerTokens(name));
        }
    }

    static ParameterRules of(ModelProfile profile) {
        ParameterRules rules = new ParameterRules();
        profile.caps().forEach((name, most) -> {
            if (isAnswerTokens(name)) {
                ANSWER_TOKENS.forEach(each -> rules.caps.merge(each, most, Math::min));
            } else {
                rules.caps.merge(name, most, Math::min);
            }
        });
        rules.drops.addAll(profile.drops());
        rules.drops.remove("model");
        profile.defaults().forEach((name, value) -> {
            rules.all.add(Addition.of(name, value));
            if (OLLAMA_FIELDS.contains(name)) {
                rules.besideOptions.add(Addition.of(name, value));
            } else {
                rules.inOptions.add(Addition.of(isAnswerTokens(name) ? NUM_PREDICT : name, value));
            }
        });
        return rules;
    }

    private static boolean isAnswerTokens(String name) {
        return ANSWER_TOKENS.contains(name.toLowerCase(Locale.ROOT));
    }

    /**
     * The edits that make {@code body}, a checked JSON object, obey.
     *
     * @param ollama whether it is a request of Ollama's own API
     */
    Splices apply(ByteBuf body, boolean ollama) {
        Splices splices = new Splices(body);
        apply(JsonCursor.of(body), splices, ollama ? besideOptions : all, ollama);
        return splices;
    }

    /** One object's members; those of {@code options} come with their turn, so that edits stay in order. */
    private void apply(JsonCursor members, Splices splices, List<Addition> additions, boolean withOptions) {
        List<Addition> missing = additions.isEmpty() ? additions : new ArrayList<>(additions);
        boolean optionsSeen = false;
        boolean anyKept = false;
        int dropFrom = -1;
        int end = members.valueEnd();
        while (members.next()) {
            String name = members.name();
            if (dropFrom >= 0) {
                splices.remove(dropFrom, members.nameStart());
                dropFrom = -1;
            }
            if (drops.contains(name)) {
                if (anyKept) {
                    splices.remove(end, members.valueEnd());
                } else {
                    dropFrom = members.nameStart();
                }
            } else {
                anyKept = true;
                if (withOptions && name.equalsIgnoreCase("options") && members.kind() == '{') {
                    optionsSeen = true;
                    apply(members.enter(), splices, inOptions, false);
                } else {
                    keep(members, name, splices, missing);
                }
            }
            end = members.valueEnd();
        }
        if (dropFrom >= 0) {
            splices.remove(dropFrom, end);
        }
        add(splices, end, anyKept, missing, withOptions && !optionsSeen);
    }

    /** A member that stays: lowered if it is above its cap, given its default if it is null. */
    private void keep(JsonCursor member, String name, Splices splices, List<Addition> missing) {
        if (member.kind() == 'n') {
            Addition given = remove(missing, name);
            if (given != null) {
                splices.replace(member.valueStart(), member.valueEnd(), given.value);
            }
            return;
        }
        remove(missing, name);
        Double most = caps.get(name);
        if (most != null && exceeds(member, name, most)) {
            splices.replace(member.valueStart(), member.valueEnd(), number(most));
        }
    }

    private static @Nullable Addition remove(List<Addition> missing, String name) {
        Addition exact = null;
        for (int i = missing.size() - 1; i >= 0; i--) {
            Addition addition = missing.get(i);
            if (addition.isGivenBy(name)) {
                missing.remove(i);
                exact = addition.name.equalsIgnoreCase(name) ? addition : exact;
            }
        }
        return exact;
    }

    /** Whether a number is above {@code most}; a negative limit of tokens means none at all, which is above everything. */
    private static boolean exceeds(JsonCursor member, String name, double most) {
        byte kind = member.kind();
        if (kind != '-' && (kind < '0' || kind > '9')) {
            return false;
        }
        double value = Double.parseDouble(member.valueText());
        return value > most || (value < 0 && isAnswerTokens(name));
    }

    private void add(Splices splices, int at, boolean behindOthers, List<Addition> missing, boolean options) {
        StringBuilder members = new StringBuilder();
        for (Addition addition : missing) {
            append(members, behindOthers, new String(addition.member, StandardCharsets.UTF_8));
        }
        if (options && !inOptions.isEmpty()) {
            StringBuilder inner = new StringBuilder();
            for (Addition addition : inOptions) {
                append(inner, false, new String(addition.member, StandardCharsets.UTF_8));
            }
            append(members, behindOthers, "\"options\":{" + inner + "}");
        }
        if (!members.isEmpty()) {
            splices.insert(at, members.toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private static void append(StringBuilder members, boolean behindOthers, String member) {
        members.append(behindOthers || !members.isEmpty() ? "," : "").append(member);
    }

    /** A number as people write it: whole ones without a fraction. */
    private static byte[] number(double value) {
        String text = value == Math.rint(value) && Math.abs(value) < 1e15
                ? Long.toString((long) value)
                : Double.toString(value);
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
