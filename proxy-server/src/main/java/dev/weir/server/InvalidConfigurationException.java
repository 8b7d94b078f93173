package dev.weir.server;

import dev.weir.server.config.Problem;
import java.util.List;
import java.util.stream.Collectors;

/** A configuration that cannot be put in force. */
final class InvalidConfigurationException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<Problem> problems;

    InvalidConfigurationException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = problems;
    }

    /** Everything that is wrong, in the order of the file. */
    List<Problem> problems() {
        return problems;
    }
}
