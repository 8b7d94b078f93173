package dev.weir.pipeline.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;

/** Permissions of what is for nobody else's eyes, where the file system knows of permissions. */
final class OwnerOnly {
    private static final FileAttribute<?>[] NONE = {};
    private static final FileAttribute<?>[] FILE = {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
    };
    private static final FileAttribute<?>[] DIRECTORY = {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
    };

    private OwnerOnly() {}

    static FileAttribute<?>[] file(Path place) {
        return isPosix(place) ? FILE.clone() : NONE;
    }

    static void createDirectories(Path directory) throws IOException {
        Files.createDirectories(directory, isPosix(directory) ? DIRECTORY : NONE);
    }

    private static boolean isPosix(Path place) {
        return place.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
