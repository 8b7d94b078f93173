package dev.weir.server.sim;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One model a simulated server has, with the facts real servers tell about models. *Any thread.*
 *
 * @param name as listed, with its tag
 * @param family architecture name
 * @param parameters number of weights
 * @param contextLength longest context it can be loaded with
 * @param dimensions length of its embedding vectors
 * @param embedding whether it only embeds
 * @param modifiedAt when it was pulled
 */
record SimModel(
        String name,
        String family,
        long parameters,
        int contextLength,
        int dimensions,
        boolean embedding,
        Instant modifiedAt) {

    static final List<String> DEFAULT_NAMES = List.of(
            "llama3.2:3b",
            "qwen3:1.7b",
            "mistral-small3.2:latest",
            "cogito:32b",
            "deepcoder:14b",
            "dolphin3:8b",
            "gemma2:2b",
            "phi3:latest",
            "mxbai-embed-large:latest",
            "nomic-embed-text:latest",
            "all-minilm:latest");

    private static final Instant PULLED = Instant.parse("2026-01-15T09:30:00.123456789Z");
    private static final Pattern SIZE_TAG = Pattern.compile("(\\d+(?:\\.\\d+)?)([bm])(?![a-z])");
    private static final Pattern FAMILY = Pattern.compile("[a-z-]*[a-z]");

    /** The model of that name; what the name does not say follows from well-known models or is plausible. */
    static SimModel named(String requested) {
        String name = ModelName.normalize(requested);
        boolean embeds = name.contains("embed") || name.contains("minilm") || name.contains("bge");
        return new SimModel(
                name,
                family(name),
                parameters(name, embeds),
                embeds ? 512 : 32768,
                dimensions(name, embeds),
                embeds,
                PULLED.plusSeconds(Math.floorMod(Hash64.of(name), 86_400)));
    }

    SimModel renamed(String newName) {
        return new SimModel(
                ModelName.normalize(newName), family, parameters, contextLength, dimensions, embedding, modifiedAt);
    }

    private static String family(String name) {
        if (name.contains("nomic")) {
            return "nomic-bert";
        }
        if (name.contains("embed") || name.contains("minilm") || name.contains("bge")) {
            return "bert";
        }
        Matcher letters = FAMILY.matcher(name.substring(name.lastIndexOf('/') + 1));
        return letters.lookingAt() ? letters.group() : "llama";
    }

    private static long parameters(String name, boolean embeds) {
        Matcher size = SIZE_TAG.matcher(name.substring(name.lastIndexOf(':')));
        if (size.find()) {
            return Math.round(Double.parseDouble(size.group(1)) * (size.group(2).equals("b") ? 1e9 : 1e6));
        }
        if (embeds) {
            return name.contains("mxbai") ? 334_090_000L : name.contains("nomic") ? 136_727_040L : 22_565_376L;
        }
        if (name.startsWith("mistral-small")) {
            return 24_011_361_280L;
        }
        return name.startsWith("phi3") ? 3_821_079_552L : 7_248_023_552L;
    }

    private static int dimensions(String name, boolean embeds) {
        if (!embeds) {
            return 2048;
        }
        return name.contains("mxbai") || name.contains("large") ? 1024 : name.contains("minilm") ? 384 : 768;
    }

    /** Bytes on disk: four bits a weight with some tables for language models, sixteen for embedding models. */
    long sizeBytes() {
        return embedding ? parameters * 2 : parameters * 5 / 8;
    }

    /** {@code 3.2B}, {@code 334M}. */
    String parameterSize() {
        return parameters >= 1_000_000_000L
                ? String.format(Locale.ROOT, "%.1fB", parameters / 1e9)
                : Math.round(parameters / 1e6) + "M";
    }

    String quantization() {
        return embedding ? "F16" : "Q4_K_M";
    }

    List<String> capabilities() {
        return embedding ? List.of("embedding") : List.of("completion", "tools");
    }

    /** SHA-256 in hexadecimal, as Ollama identifies a model's manifest. */
    String digest() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every Java platform", e);
        }
    }
}
