package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearMatchesTest {
    private static final List<String> KNOWN = List.of(
            "llama3.2:1b",
            "llama3.2:3b",
            "llama3.1:70b",
            "gpt-4o",
            "gpt-4o-mini",
            "mistralai/Mistral-7B-Instruct",
            "bge-m3",
            "o1");

    @ParameterizedTest
    @CsvSource({
        "GPT-4O, gpt-4o",
        "gpt4o, gpt-4o",
        "llama3.2:1b-instruct, llama3.2:1b",
        "lama3.2:1b, llama3.2:1b",
        "mistral-7b, mistralai/Mistral-7B-Instruct",
        "mistralai/mistral-7b-instrcut, mistralai/Mistral-7B-Instruct",
        "bge-m3:latest, bge-m3",
        "openai/bge-m3, bge-m3",
        "bge_m3, bge-m3"
    })
    void theLikeliestComesFirst(String unknown, String meant) {
        assertThat(NearMatches.of(unknown, KNOWN)).startsWith(meant);
    }

    @Test
    void whatOneNameBeginsComesByLength() {
        assertThat(NearMatches.of("llama3", KNOWN)).containsExactly("llama3.2:1b", "llama3.2:3b", "llama3.1:70b");
        assertThat(NearMatches.of("gpt-4", KNOWN)).containsExactly("gpt-4o", "gpt-4o-mini");
    }

    @ParameterizedTest
    @CsvSource({"claude", "o", "''", "qwen2.5-coder:32b", "01"})
    void whatResemblesNothingHasNoMatch(String unknown) {
        assertThat(NearMatches.of(unknown, KNOWN)).isEmpty();
    }

    @Test
    void noMoreThanThreeAreNamed() {
        List<String> known = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            known.add("model-" + i);
        }
        assertThat(NearMatches.of("model-7x", known)).containsExactly("model-70", "model-71", "model-72");
    }

    @Test
    void errorsOfSpellingAreCountedAsLevenshteinCountsThem() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            String a = word(random);
            String b = word(random);
            int allowed = Math.min(3, Math.min(a.length(), b.length()) / 4);
            boolean near = levenshtein(a, b) <= allowed || a.contains(b) || b.contains(a);

            assertThat(NearMatches.of(a, List.of(b))).as(a + " " + b).hasSize(near ? 1 : 0);
        }
    }

    @Test
    void theOrderOfTheKnownNamesDoesNotMatter() {
        List<String> reversed = new ArrayList<>(KNOWN);
        Collections.reverse(reversed);

        assertThat(NearMatches.of("llama3.2:2b", KNOWN))
                .isEqualTo(NearMatches.of("llama3.2:2b", reversed))
                .startsWith("llama3.2:1b", "llama3.2:3b");
    }

    @Test
    void manyLongNamesStillMatchByTheirBeginning() {
        List<String> known = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            known.add("b" + "a".repeat(240) + i);
        }
        String unknown = "c" + "a".repeat(240);
        known.add(unknown + "-latest");

        assertThat(NearMatches.of(unknown, known)).contains(unknown + "-latest");
    }

    private static String word(Random random) {
        StringBuilder word = new StringBuilder();
        for (int i = 3 + random.nextInt(12); i > 0; i--) {
            word.append((char) ('a' + random.nextInt(2)));
        }
        return word.toString();
    }

    private static int levenshtein(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    cost[i][j] = i + j;
                } else {
                    int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                    cost[i][j] = Math.min(replaced, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
                }
            }
        }
        return cost[a.length()][b.length()];
    }
}
