package dev.weir.server.sim;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Vectors of unit length that follow from the text alone: every word adds its own direction, so that texts which share
 * words lie close together, on every simulated server. *Any thread.*
 */
final class Embedder {
    /** Words that count, like the window of a small embedding model. */
    private static final int WINDOW = 512;

    private Embedder() {}

    /** The vector of a text; fewer dimensions than the model has truncate it, as Matryoshka models do. */
    static float[] embed(String text, int modelDimensions, int dimensions) {
        double[] sum = new double[modelDimensions];
        List<String> tokens = Tokens.split(text.substring(0, Math.min(text.length(), 16 * WINDOW)));
        addDirection(sum, "", 0.05);
        String previous = "";
        for (String token : tokens.subList(0, Math.min(tokens.size(), WINDOW))) {
            String word = token.strip().toLowerCase(Locale.ROOT);
            addDirection(sum, word, 1);
            // Word pairs let the order of the words count a little.
            addDirection(sum, previous + ' ' + word, 0.25);
            previous = word;
        }
        return unit(sum, dimensions > 0 ? Math.min(dimensions, modelDimensions) : modelDimensions);
    }

    private static void addDirection(double[] sum, String word, double weight) {
        long state = Hash64.of(word);
        for (int i = 0; i < sum.length; i++) {
            state ^= state << 13;
            state ^= state >>> 7;
            state ^= state << 17;
            sum[i] += weight * (state >> 11) * 0x1p-52;
        }
    }

    private static float[] unit(double[] sum, int dimensions) {
        double squares = 0;
        for (int i = 0; i < dimensions; i++) {
            squares += sum[i] * sum[i];
        }
        double length = Math.sqrt(squares);
        float[] vector = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            vector[i] = (float) (sum[i] / length);
        }
        return vector;
    }

    static double cosine(float[] a, float[] b) {
        double dot = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
        }
        return dot;
    }

    static void write(float[] vector, JsonGenerator json) throws IOException {
        json.writeStartArray(vector, vector.length);
        for (float value : vector) {
            json.writeNumber(value);
        }
        json.writeEndArray();
    }

    /** OpenAI's compact form: little-endian 32-bit floats in base64. */
    static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }
}
