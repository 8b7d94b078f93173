package dev.weir.server.diagnosis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Looks at who may read what is secret, and whether Weir may write where it must. Blocks the caller's thread. */
public final class FileChecks {
    private FileChecks() {}

    /**
     * Whether somebody else than owner and group may read a file that holds secrets.
     *
     * @param what the file's part in it: configuration, private key
     * @param secrets what is secret in it, for the words
     */
    public static Finding secret(String what, Path file, String secrets) {
        try {
            PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
            Set<PosixFilePermission> permissions = attributes.permissions();
            String shown = PosixFilePermissions.toString(permissions);
            if (permissions.contains(PosixFilePermission.OTHERS_READ)) {
                return Finding.failed(
                        "permissions",
                        what + " " + file + " holds " + secrets + " and is readable by everybody (" + shown + ")",
                        "chown root:weir " + file + " && chmod 640 " + file);
            }
            if (permissions.contains(PosixFilePermission.OTHERS_WRITE)
                    || permissions.contains(PosixFilePermission.GROUP_WRITE)) {
                return Finding.failed(
                        "permissions",
                        what + " " + file + " can be changed by others than its owner (" + shown + ")",
                        "chmod 640 " + file);
            }
            return Finding.ok(
                    "permissions",
                    what + " " + file + " " + shown + " " + attributes.owner().getName() + ":"
                            + attributes.group().getName());
        } catch (UnsupportedOperationException noPosix) {
            return Finding.skipped("permissions", "this file system has none");
        } catch (IOException e) {
            return Finding.failed("permissions", what + " " + file + " cannot be looked at: " + e, "look at its path");
        }
    }

    /** Whether Weir may write to the directories it is told to write to. */
    public static List<Finding> writable(List<Path> directories) {
        List<Finding> findings = new ArrayList<>();
        for (Path directory : directories) {
            Path there = directory.toAbsolutePath().normalize();
            while (there != null && !Files.exists(there)) {
                there = there.getParent();
            }
            if (there == null || !Files.isDirectory(there) || !Files.isWritable(there)) {
                findings.add(
                        Finding.failed(
                                "directories",
                                directory + " cannot be written by " + System.getProperty("user.name"),
                                "create it for the user of the service, or run this as that user: runuser -u weir -- weir doctor"));
            }
        }
        if (findings.isEmpty()) {
            findings.add(Finding.ok("directories", directories.size() + " can be written"));
        }
        return findings;
    }
}
