package dev.weir.server;

import dev.weir.server.backup.Backup;
import dev.weir.server.backup.Backups;
import dev.weir.server.backup.Part;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir backup}: copies database and configuration, with or without a gateway running. */
@Command(
        name = "backup",
        description =
                "Copies the database, the configuration, or both, and keeps the newest copies. The gateway may run.",
        mixinStandardHelpOptions = true)
final class BackupCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            arity = "0..1",
            defaultValue = "checkpoint",
            paramLabel = "WHAT",
            description = "database, config or checkpoint, which is both (default: ${DEFAULT-VALUE}).")
    private Part part = Part.CHECKPOINT;

    @Mixin
    private BackupOptions options = new BackupOptions();

    @Option(
            names = "--keep",
            paramLabel = "N",
            defaultValue = "30",
            description = "How many of its kind are kept; older ones are dropped (default: ${DEFAULT-VALUE}).")
    private int keep;

    @Option(names = "--list", description = "Lists the backups of that kind, oldest first, and makes none.")
    private boolean list;

    @Option(names = "--verify", description = "Proves that all backups of that kind are whole, and makes none.")
    private boolean verify;

    @Override
    public Integer call() {
        if (spec == null) {
            return 1;
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (keep < 1) {
            err.println("--keep: " + keep + " (expected: at least 1)");
            return 2;
        }
        try {
            Backups backups = options.backups();
            if (list || verify) {
                for (Backup backup : backups.list(part)) {
                    if (verify) {
                        backup.verify();
                    }
                    out.println(backup.directory() + (verify ? "  whole" : ""));
                }
                return 0;
            }
            Backup made = backups.make(part, part == Part.CONFIG ? null : options.database(), options.configuration());
            out.println(made.directory());
            backups.drop(part, keep).forEach(name -> out.println("dropped " + name));
            return 0;
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return 2;
        } catch (IOException | SQLException e) {
            err.println("no backup: " + e.getMessage());
            return 1;
        } finally {
            out.flush();
        }
    }
}
