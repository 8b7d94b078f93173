package dev.weir.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The arrows between modules and packages, and the conventions, over all of Weir's classes. */
class ArchitectureTest {
    private static final JavaClasses WEIR = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.weir");

    @Test
    void allModulesAreSeen() {
        for (String module : List.of("core", "pipeline", "backends", "server")) {
            assertThat(WEIR).anyMatch(type -> type.getPackageName().startsWith("dev.weir." + module));
        }
        assertThat(WEIR).noneMatch(type -> type.getSimpleName().endsWith("Test"));
    }

    @Test
    void theCoreKnowsNettyAndNobodyElse() {
        classes()
                .that()
                .resideInAPackage("dev.weir.core..")
                .should()
                .onlyDependOnClassesThat(resideInAPackage("dev.weir.core..")
                        .or(resideInAPackage("java.."))
                        .or(resideInAPackage("io.netty.."))
                        .or(resideInAPackage("org.slf4j.."))
                        .or(resideInAPackage("org.jspecify..")))
                .check(WEIR);
    }

    @Test
    void pipelineAndBackendsNeverSeeEachOtherOrTheServer() {
        noClasses()
                .that()
                .resideInAPackage("dev.weir.pipeline..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.weir.backends..", "dev.weir.server..")
                .check(WEIR);
        noClasses()
                .that()
                .resideInAPackage("dev.weir.backends..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.weir.pipeline..", "dev.weir.server..")
                .check(WEIR);
    }

    @Test
    void whatStandsInAFolderDoesNotLookBackAtTheRoot() {
        noClasses()
                .that()
                .resideInAPackage("dev.weir.server.*..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.weir.server")
                .check(WEIR);
        slices().matching("dev.weir.server.(*)..").should().beFreeOfCycles().check(WEIR);
        slices().matching("dev.weir.pipeline.(*)..").should().beFreeOfCycles().check(WEIR);
    }

    @Test
    void theConfigurationKnowsNoEngineAndNoBackend() {
        noClasses()
                .that()
                .resideInAPackage("dev.weir.server.config..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.weir.backends..", "io.netty.channel..", "io.netty.buffer..")
                .check(WEIR);
    }

    @Test
    void theSimulatedServerIsForTheCommandLineOnly() {
        noClasses()
                .that(resideOutsideOfPackages("dev.weir.server", "dev.weir.server.sim"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.weir.server.sim..")
                .check(WEIR);
    }

    @Test
    void clientsAndBackendsAreReadByACodecOfOurOwn() {
        noClasses()
                .that(resideOutsideOfPackages("dev.weir.server.sim"))
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.netty.handler.codec.http..").and(not(type(HttpResponseStatus.class))))
                .check(WEIR);
    }

    @Test
    void printingIsForCommandsAndLoggingForTheRest() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(WEIR);
        NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING.check(WEIR);
    }

    @Test
    void nobodySleepsBetweenLooks() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .check(WEIR);
    }

    @Test
    void everyPackageSaysWhatMayBeNull() {
        assertThat(WEIR.getPackage("dev.weir").getSubpackagesInTree())
                .filteredOn(javaPackage -> !javaPackage.getClasses().isEmpty())
                .isNotEmpty()
                .allMatch(javaPackage -> javaPackage.isAnnotatedWith(NullMarked.class), "is @NullMarked");
        assertThat(WEIR.getPackage("dev.weir").getSubpackagesInTree())
                .extracting(JavaPackage::getName)
                .contains("dev.weir.core");
    }

    @Test
    void namesSayWhatAThingIs() {
        noClasses()
                .should()
                .haveNameMatching(".*[.$](Base[A-Z]\\w*|Abstract[A-Z]\\w*|\\w+(Impl|Manager|Utils?|Helper|Base))")
                .check(WEIR);
    }
}
