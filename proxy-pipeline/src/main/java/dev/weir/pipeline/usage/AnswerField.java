package dev.weir.pipeline.usage;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The fields of answers that tell of tokens, in all the forms there are. */
enum AnswerField {
    /** None of the others. */
    UNKNOWN(0),

    /** OpenAI's and Anthropic's report. */
    USAGE(0),

    /** What may hold a piece of text. */
    CHOICES(0),
    DELTA(Traits.ARMS | Traits.TEXT_BY_ITSELF),
    MESSAGE(Traits.ARMS),

    /** A piece of text, where one is expected. */
    CONTENT(Traits.TEXT),
    REASONING_CONTENT(Traits.TEXT),
    REASONING(Traits.TEXT),
    REFUSAL(Traits.TEXT),
    ARGUMENTS(Traits.TEXT),
    TEXT(Traits.TEXT),
    PARTIAL_JSON(Traits.TEXT),
    THINKING(Traits.TEXT),

    /** A piece of text in {@code /api/generate}, at the top. */
    RESPONSE(Traits.TEXT_BY_ITSELF),

    /** Ollama's report. */
    DONE(0),
    PROMPT_EVAL_COUNT(Traits.COUNT),
    EVAL_COUNT(Traits.COUNT);

    static final int MAX_NAME_LENGTH = 17;

    private static final class Traits {
        private static final int ARMS = 1;
        private static final int TEXT = 2;
        private static final int TEXT_BY_ITSELF = 4;
        private static final int COUNT = 8;
    }

    private static final AnswerField[] NONE = {};
    private static final AnswerField[][] BY_LAST_OCTET = new AnswerField[128][];

    static {
        List<List<AnswerField>> fields = new ArrayList<>();
        for (int octet = 0; octet < BY_LAST_OCTET.length; octet++) {
            fields.add(new ArrayList<>());
        }
        for (AnswerField field : values()) {
            if (field != UNKNOWN) {
                fields.get(field.name.charAt(field.name.length() - 1)).add(field);
            }
        }
        for (int octet = 0; octet < BY_LAST_OCTET.length; octet++) {
            BY_LAST_OCTET[octet] = fields.get(octet).toArray(NONE);
        }
    }

    private final String name = name().toLowerCase(Locale.ROOT);
    private final int traits;

    AnswerField(int traits) {
        this.traits = traits;
    }

    /** The fields whose names end so. */
    static AnswerField[] endingIn(int octet) {
        return octet < 0 ? NONE : BY_LAST_OCTET[octet];
    }

    int nameLength() {
        return name.length();
    }

    /** A byte of the name, which is ASCII. */
    int octet(int index) {
        return name.charAt(index);
    }

    /** Whether its object may hold a piece of text. */
    boolean armsAsObject() {
        return (traits & Traits.ARMS) != 0;
    }

    /** Whether its value may be a piece of text. */
    boolean isText() {
        return (traits & (Traits.TEXT | Traits.TEXT_BY_ITSELF)) != 0;
    }

    /** Whether its value is a piece of text wherever it stands. */
    boolean isTextByItself() {
        return (traits & Traits.TEXT_BY_ITSELF) != 0;
    }

    /** Whether its value is a number of tokens. */
    boolean isCount() {
        return (traits & Traits.COUNT) != 0;
    }
}
