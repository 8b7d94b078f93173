package dev.weir.server.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/** Plain English about the topic of a prompt, always the same for the same seed, model and prompt. *Any thread.* */
final class Prose {
    private static final int SHORTEST = 40;
    private static final int LONGEST = 80;
    private static final int LONGEST_TOPIC_WORDS = 3;
    private static final String FALLBACK_TOPIC = "this question";

    private static final Set<String> COMMON_WORDS = Set.of(
            ("a about above after again all also am an and any are as ask at be because been before being between both "
                            + "but by can could describe did do does doing each explain few for from give had has have "
                            + "having he hello help her here hers hi him his how i if in into is it its just let like "
                            + "list make me more most my no nor not now of off on once one only or other our out over "
                            + "own please say sentence sentences she should show so some such tell than thank thanks "
                            + "that the their them then there these they this those through to too under until up us "
                            + "use very was we were what when where which while who whom why will with word words work works would "
                            + "write you your")
                    .split(" "));

    private static final List<String> OPENINGS = List.of(
            "The short answer about {} is simpler than it first appears.",
            "There are a few things worth knowing about {}.",
            "Most questions about {} come down to one basic idea.",
            "It helps to look at {} one step at a time.",
            "People often ask about {}, and the answer depends on the details.",
            "To understand {}, it is best to start with what can be observed.");

    private static final List<String> MIDDLES = List.of(
            "Several small effects work together here, and none of them explains everything alone.",
            "A good first step is to separate what is known from what is only assumed.",
            "In everyday life, {} can look quite different from the picture found in a textbook.",
            "Careful measurements show a clear pattern once the conditions are kept the same.",
            "The details matter, because a small change at the start can lead to a large one later.",
            "Experts who study {} usually compare several examples before they draw a conclusion.",
            "A simple example makes this easier to see than a long definition would.",
            "What matters most is the balance between the different parts involved.",
            "Older explanations were not wrong, but they left out an important part of the story.",
            "If one piece is missing, the rest of the explanation for {} no longer holds.",
            "The same principle appears in many other places once you begin to look for it.",
            "It is also useful to ask what would happen if the opposite were true.");

    private static final List<String> CLOSINGS = List.of(
            "With that in mind, {} becomes much easier to follow.",
            "That is the main point to remember.",
            "From here, a closer look at one example is the best way forward.",
            "In short, the key is to keep the whole picture in view.");

    private final long seed;

    Prose(long seed) {
        this.seed = seed;
    }

    /** The tokens of a whole answer of ordinary length. */
    List<String> answer(SimModel model, String prompt) {
        return compose(model, prompt, 0);
    }

    /** The tokens of an answer that goes on for exactly that many. */
    List<String> answerOf(int tokens, SimModel model, String prompt) {
        return compose(model, prompt, tokens).subList(0, tokens);
    }

    private List<String> compose(SimModel model, String prompt, int atLeast) {
        Random random = new Random(Hash64.of(seed, model.name(), prompt));
        String topic = topic(prompt);
        int target = Math.max(atLeast, SHORTEST + random.nextInt(LONGEST - SHORTEST - 20));
        List<String> tokens = new ArrayList<>();
        say(tokens, pick(OPENINGS, random), topic);
        List<String> middles = new ArrayList<>(MIDDLES);
        Collections.shuffle(middles, random);
        for (int i = 0; tokens.size() < target; i++) {
            say(tokens, middles.get(i % middles.size()), topic);
        }
        String closing = pick(CLOSINGS, random);
        if (atLeast == 0 && tokens.size() + Tokens.count(closing) + LONGEST_TOPIC_WORDS <= LONGEST) {
            say(tokens, closing, topic);
        }
        return tokens;
    }

    private static void say(List<String> tokens, String sentence, String topic) {
        String text = sentence.replace("{}", topic);
        tokens.addAll(Tokens.split(tokens.isEmpty() ? text : " " + text));
    }

    private static String pick(List<String> phrases, Random random) {
        return phrases.get(random.nextInt(phrases.size()));
    }

    /** The longest run of words that carry meaning, the first of equals. */
    static String topic(String prompt) {
        List<String> best = List.of();
        List<String> run = new ArrayList<>();
        for (String token : Tokens.split(prompt.substring(0, Math.min(prompt.length(), 2000)))) {
            String word = token.strip();
            boolean meaningful = !word.isEmpty()
                    && Character.isLetter(word.codePointAt(0))
                    && !COMMON_WORDS.contains(word.toLowerCase(Locale.ROOT));
            if (meaningful && run.size() < LONGEST_TOPIC_WORDS) {
                run.add(word);
            } else {
                run = meaningful ? new ArrayList<>(List.of(word)) : new ArrayList<>();
            }
            if (run.size() > best.size()) {
                best = List.copyOf(run);
            }
        }
        return best.isEmpty() ? FALLBACK_TOPIC : String.join(" ", best);
    }
}
