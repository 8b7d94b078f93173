package dev.weir.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the figures were taken on.
 *
 * @param facts by name, in the order of the report
 */
record Machine(Map<String, String> facts) {
    private static final Pattern VERSION = Pattern.compile("\\d+(\\.\\d+)+[^ ,]*");

    static Machine here(Setting setting) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("Weir", Shell.firstLine("git", "-C", setting.root().toString(), "describe", "--always", "--dirty"));
        facts.put("processor", cpu());
        facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("nginx", version("nginx", "-v"));
        facts.put("HAProxy", version("haproxy", "-v"));
        facts.put("wrk", version("wrk", "-v"));
        facts.put("Java", System.getProperty("java.vm.name") + " " + Runtime.version());
        facts.put("Weir's JVM", String.join(" ", setting.jvmFlags()));
        return new Machine(facts);
    }

    private static String cpu() {
        try {
            List<String> lines = Files.readAllLines(Path.of("/proc/cpuinfo"));
            long cores =
                    lines.stream().filter(line -> line.startsWith("processor")).count();
            String model = lines.stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
            return model + String.format(Locale.ROOT, ", %d cores", cores);
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String version(String... command) {
        Matcher version = VERSION.matcher(Shell.firstLine(command));
        return version.find() ? version.group() : "not here";
    }
}
