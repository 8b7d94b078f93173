package dev.weir.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Commands that end by themselves. */
final class Shell {
    private Shell() {}

    /** Whether {@code tool} can be run here. */
    static boolean has(String tool) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            if (Files.isExecutable(Path.of(directory, tool))) {
                return true;
            }
        }
        return false;
    }

    /** What {@code command} prints; it must end well. */
    static String run(List<String> command) throws IOException {
        return run(Map.of(), command);
    }

    static String run(Map<String, String> environment, List<String> command) throws IOException {
        Path errors = Files.createTempFile("weir-bench", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            if (code != 0) {
                throw new IOException(
                        String.join(" ", command) + ": exit code " + code + "\n" + out + Files.readString(errors));
            }
            return out;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted in " + command.get(0), e);
        } finally {
            Files.deleteIfExists(errors);
        }
    }

    /** The first line that {@code command} prints on either stream, whatever its exit code; empty if it cannot be run. */
    static String firstLine(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return out.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
        } catch (IOException e) {
            return "";
        }
    }
}
