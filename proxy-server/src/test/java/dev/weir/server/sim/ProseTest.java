package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The text of answers. */
class ProseTest {
    private static final SimModel PHI3 = SimModel.named("phi3");

    @Test
    void sameSeedModelAndPromptGiveTheSameText() {
        List<String> text = new Prose(1).answer(PHI3, "Why is the sky blue?");

        assertThat(new Prose(1).answer(PHI3, "Why is the sky blue?")).isEqualTo(text);
        assertThat(new Prose(2).answer(PHI3, "Why is the sky blue?")).isNotEqualTo(text);
        assertThat(new Prose(1).answer(SimModel.named("gemma2:2b"), "Why is the sky blue?"))
                .isNotEqualTo(text);
        assertThat(new Prose(1).answer(PHI3, "Why is the sea blue?")).isNotEqualTo(text);
    }

    @Test
    void answersAreSentencesOfOrdinaryLength() {
        for (int i = 0; i < 500; i++) {
            List<String> tokens = new Prose(i).answer(PHI3, "Explain how volcanic mountain ranges form, please.");

            assertThat(tokens).hasSizeBetween(40, 80);
            assertThat(String.join("", tokens))
                    .matches("[A-Z].*\\.")
                    .contains("volcanic mountain ranges")
                    .doesNotContain("{}", "  ");
        }
    }

    @Test
    void longAnswersGoOnAsLongAsAsked() {
        assertThat(new Prose(1).answerOf(1000, PHI3, "Hi")).hasSize(1000);
    }

    @Test
    void topicIsTheLongestRunOfMeaningfulWords() {
        assertThat(Prose.topic("Explain how photosynthesis works in desert plants"))
                .isEqualTo("desert plants");
        assertThat(Prose.topic("Why is that so?")).isEqualTo("this question");
        assertThat(Prose.topic("")).isEqualTo("this question");
    }
}
