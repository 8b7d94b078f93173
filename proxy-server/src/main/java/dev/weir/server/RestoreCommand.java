package dev.weir.server;

import dev.weir.server.backup.Backup;
import dev.weir.server.backup.Backups;
import dev.weir.server.backup.Part;
import dev.weir.server.backup.Restore;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir restore}: goes back to a backup, or leaves all as it is. */
@Command(
        name = "restore",
        description = {
            "Goes back to a backup. What is there now is saved first, and put back if anything fails.",
            "End the gateway before, and start it after: it keeps keys and counts in memory."
        },
        mixinStandardHelpOptions = true)
final class RestoreCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "WHEN",
            description = "latest, or the beginning of a backup's name: 2026-11-21, or more of it.")
    private String when = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            defaultValue = "checkpoint",
            paramLabel = "WHAT",
            description = "database, config or checkpoint (default: ${DEFAULT-VALUE}).")
    private Part part = Part.CHECKPOINT;

    @Mixin
    private BackupOptions options = new BackupOptions();

    @Override
    public Integer call() {
        if (spec == null) {
            return 1;
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        try {
            Backups backups = options.backups();
            Backup backup = backups.find(part, when);
            new Restore(backups, options, out::println).run(part, backup);
            out.println("restored; start the gateway, then run: weir smoke");
            return 0;
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return 2;
        } catch (IOException e) {
            err.println(e.getMessage());
            return 1;
        } finally {
            out.flush();
        }
    }
}
