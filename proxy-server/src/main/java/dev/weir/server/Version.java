package dev.weir.server;

import dev.weir.core.Transport;
import picocli.CommandLine.IVersionProvider;

/** What this build is and what it runs on. */
final class Version implements IVersionProvider {
    /** The product's version, from the jar's manifest. */
    static String number() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @Override
    public String[] getVersion() {
        return new String[] {
            "weir " + number(),
            "java " + Runtime.version() + " (" + System.getProperty("java.vm.name") + ")",
            "transport " + Transport.of("auto"),
        };
    }
}
