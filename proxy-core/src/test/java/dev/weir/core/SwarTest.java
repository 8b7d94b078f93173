package dev.weir.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.IntPredicate;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

final class SwarTest {
    private static final int ROUNDS = 100_000;

    /** The first octet that is marked is the first one that {@code wanted} takes; none if it takes none. */
    private static void check(LongUnaryOperator marks, IntPredicate wanted) {
        Random random = new Random(7);
        for (int i = 0; i < ROUNDS; i++) {
            long octets = 0;
            int first = Long.BYTES;
            for (int at = Long.BYTES - 1; at >= 0; at--) {
                int octet =
                        random.nextBoolean() ? random.nextInt(256) : "\"\\ !-=:bBx\0\u007f".charAt(random.nextInt(12));
                octets = octets << 8 | octet;
                first = wanted.test(octet) ? at : first;
            }
            assertThat(Swar.first(marks.applyAsLong(octets)))
                    .as("%016x", octets)
                    .isEqualTo(first);
        }
    }

    @Test
    void findsASign() {
        for (int sign = 0; sign < 128; sign += 7) {
            char wanted = (char) sign;
            check(octets -> Swar.equal(octets, wanted), octet -> octet == wanted);
        }
    }

    @Test
    void findsASignWithSomeBitsUnset() {
        check(octets -> Swar.equalWith(octets, 0x20, 'b'), octet -> octet == 'b' || octet == 'B');
        check(octets -> Swar.equalWith(octets, 0x10, '='), octet -> octet == '-' || octet == '=');
    }

    @Test
    void findsWhatIsBelowASign() {
        check(octets -> Swar.below(octets, ' '), octet -> octet < ' ');
        check(octets -> Swar.below(octets, (char) 1), octet -> octet == 0);
    }

    @Test
    void findsWhatIsBeyondAscii() {
        check(Swar::beyondAscii, octet -> octet >= 128);
    }

    @Test
    void findsTheFirstOfSeveral() {
        check(
                octets -> Swar.equal(octets, '"') | Swar.equal(octets, '\\') | Swar.below(octets, ' '),
                octet -> octet == '"' || octet == '\\' || octet < ' ');
    }
}
