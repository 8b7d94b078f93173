package dev.weir.server.management;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaSmiTest {
    @TempDir
    private Path directory;

    private NvidiaSmi printing(String script) throws IOException {
        Path program = Files.writeString(directory.resolve("nvidia-smi"), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
        return new NvidiaSmi(program.toString());
    }

    @Test
    void eachLineIsACard() throws IOException {
        NvidiaSmi smi = printing("echo '0, NVIDIA RTX A6000, 37, 1024, 49140, 61, 88.50'\n"
                + "echo '1, NVIDIA H100 NVL, 0, 4, 95830, 33, [N/A]'");

        assertThat(smi.cards())
                .extracting(Object::toString)
                .containsExactly(
                        "{\"index\":\"0\",\"name\":\"NVIDIA RTX A6000\",\"utilization_percent\":37.0,"
                                + "\"memory_used_mib\":1024.0,\"memory_total_mib\":49140.0,"
                                + "\"temperature_celsius\":61.0,\"power_watts\":88.5}",
                        "{\"index\":\"1\",\"name\":\"NVIDIA H100 NVL\",\"utilization_percent\":0.0,"
                                + "\"memory_used_mib\":4.0,\"memory_total_mib\":95830.0,"
                                + "\"temperature_celsius\":33.0,\"power_watts\":null}");
    }

    @Test
    void whereThereIsNoneThereAreNoCards() {
        assertThat(new NvidiaSmi(directory.resolve("none").toString()).cards()).isEmpty();
    }

    @Test
    void oneThatFailsTellsOfNoCards() throws IOException {
        assertThat(printing("echo 'NVIDIA-SMI has failed'; exit 9").cards()).isEmpty();
    }
}
