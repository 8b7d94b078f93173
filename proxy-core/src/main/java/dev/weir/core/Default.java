package dev.weir.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a component of a settings record holds when its key is missing: the text as the configuration file would have it.
 * For a scalar the text is taken as it stands ({@code 10s}); for a record, a map or a list it is YAML ({@code {}},
 * {@code [a, b]}). A default map lies under the written one: keys the file leaves out keep their default. The text may hold
 * {@code ${NAME:-default}} like any scalar of the file.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Default {
    String value();
}
