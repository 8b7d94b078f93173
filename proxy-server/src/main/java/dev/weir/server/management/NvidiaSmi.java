package dev.weir.server.management;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks NVIDIA's {@code nvidia-smi} about graphics cards; where there is none, there are none to tell of. Blocks: not for an
 * event loop.
 */
final class NvidiaSmi {
    private static final Logger LOG = LoggerFactory.getLogger(NvidiaSmi.class);
    private static final long TIMEOUT_MILLIS = 2_000;
    private static final long ABSENT_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final List<String> NUMBERS =
            List.of("utilization_percent", "memory_used_mib", "memory_total_mib", "temperature_celsius", "power_watts");

    private final List<String> command;
    private long absentSinceNanos;
    private boolean absent;

    /** @param program its name or path */
    NvidiaSmi(String program) {
        command = List.of(
                program,
                "--query-gpu=index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw",
                "--format=csv,noheader,nounits");
    }

    /** One object for each card. */
    synchronized List<ObjectNode> cards() {
        if (absent && System.nanoTime() - absentSinceNanos < ABSENT_NANOS) {
            return List.of();
        }
        try {
            absent = false;
            return run();
        } catch (IOException | UncheckedIOException notInstalled) {
            absent = true;
            absentSinceNanos = System.nanoTime();
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private List<ObjectNode> run() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            process.getOutputStream().close();
            // What it prints fits a pipe, so it can end before it is read.
            if (!process.waitFor(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("{} did not end within {} ms", command.get(0), TIMEOUT_MILLIS);
                return List.of();
            }
            return process.exitValue() == 0
                    ? reader.lines()
                            .filter(line -> !line.isBlank())
                            .map(NvidiaSmi::card)
                            .toList()
                    : List.of();
        } finally {
            process.destroyForcibly();
        }
    }

    private static ObjectNode card(String line) {
        String[] fields = line.split(",", -1);
        ObjectNode card = JsonNodeFactory.instance.objectNode();
        card.put("index", fields[0].trim());
        card.put("name", fields.length > 1 ? fields[1].trim() : "");
        for (int i = 0; i < NUMBERS.size(); i++) {
            String text = fields.length > i + 2 ? fields[i + 2].trim() : "";
            if (text.matches("-?\\d+(\\.\\d+)?")) {
                card.put(NUMBERS.get(i), Double.parseDouble(text));
            } else {
                // "[N/A]": the card does not tell.
                card.putNull(NUMBERS.get(i));
            }
        }
        return card;
    }
}
