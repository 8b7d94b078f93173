package dev.weir.server.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;

/** Vectors that follow from the text. */
class EmbedderTest {
    @Test
    void textsThatShareWordsLieCloser() {
        float[] question = Embedder.embed("How do I reset my password?", 384, 0);
        float[] similar = Embedder.embed("How can I reset my password?", 384, 0);
        float[] other = Embedder.embed("The harvest was late this autumn", 384, 0);

        assertThat(Embedder.cosine(question, similar)).isGreaterThan(0.7);
        assertThat(Embedder.cosine(question, other)).isLessThan(0.3);
    }

    @Test
    void fewerDimensionsAreTheFirstOnesAtUnitLength() {
        float[] whole = Embedder.embed("a red fox", 768, 0);
        float[] part = Embedder.embed("a red fox", 768, 128);

        assertThat(part).hasSize(128);
        assertThat(Embedder.cosine(part, part)).isBetween(0.9999, 1.0001);
        assertThat(part[1] / part[0]).isCloseTo(whole[1] / whole[0], withinPercentage(0.1));
    }

    @Test
    void emptyTextHasAVectorToo() {
        float[] empty = Embedder.embed("", 384, 0);

        assertThat(Embedder.cosine(empty, empty)).isBetween(0.9999, 1.0001);
    }
}
