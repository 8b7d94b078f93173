package dev.weir.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy makes of bodies of Ollama's API. Apostrophes stand for quotes. */
class OllamaPolicyTest {
    private static final OllamaPolicy POLICY = new OllamaPolicy(4096, 8192, "10m", false);
    private static final OllamaPolicy CONTEXT = new OllamaPolicy(4096, 8192, null, false);

    private static String edited(OllamaPolicy policy, String body, int loaded) {
        ByteBuf bytes = Unpooled.copiedBuffer(body.replace('\'', '"'), StandardCharsets.UTF_8);
        BodyEdits edits = new BodyEdits(bytes);
        policy.edit(edits, bytes, loaded);
        ByteBuf result = Unpooled.buffer();
        edits.writeTo(result);
        return result.toString(StandardCharsets.UTF_8).replace('"', '\'');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'model':'m'}                                   | 0    | {'options':{'num_ctx':4096},'model':'m'}",
                "{'model':'m','options':{}}                      | 0    | {'model':'m','options':{'num_ctx':4096}}",
                "{'model':'m','options':null}                    | 0    | {'model':'m','options':{'num_ctx':4096}}",
                "{'options':{'seed':1},'model':'m'}              | 0    | {'options':{'num_ctx':4096,'seed':1},'model':'m'}",
                "{'options':{'num_ctx':2048},'model':'m'}        | 0    | {'options':{'num_ctx':2048},'model':'m'}",
                "{'options':{'num_ctx':99999},'model':'m'}       | 0    | {'options':{'num_ctx':8192},'model':'m'}",
                "{'options':{'num_ctx':2048},'model':'m'}        | 8192 | {'options':{'num_ctx':8192},'model':'m'}",
                "{'model':'m'}                                   | 8192 | {'options':{'num_ctx':8192},'model':'m'}",
                "{'options':{'num_ctx':8192},'model':'m'}        | 4096 | {'options':{'num_ctx':8192},'model':'m'}",
                "{'OPTIONS':{'num_ctx':null},'model':'m'}        | 0    | {'OPTIONS':{'num_ctx':4096},'model':'m'}",
            })
    void theContextLengthIsSetCappedAndNeverMadeSmallerThanWhatIsLoaded(String body, int loaded, String expected) {
        assertThat(edited(CONTEXT, body, loaded)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'keep_alive':'1h','options':{'num_ctx':4096}}  | {'keep_alive':'10m','options':{'num_ctx':4096}}",
                "{'keep_alive':0,'options':{'num_ctx':4096}}     | {'keep_alive':'10m','options':{'num_ctx':4096}}",
                "{'options':{'num_ctx':4096}}                    | {'keep_alive':'10m','options':{'num_ctx':4096}}",
            })
    void howLongItIsKeptIsForTheGatewayToSay(String body, String expected) {
        assertThat(edited(POLICY, body, 0)).isEqualTo(expected);
    }

    @Test
    void withoutAPolicyOnlyASmallerContextThanTheLoadedOneIsChanged() {
        assertThat(edited(OllamaPolicy.NONE, "{'options':{'num_ctx':2048}}", 4096))
                .isEqualTo("{'options':{'num_ctx':4096}}");
        assertThat(edited(OllamaPolicy.NONE, "{'options':{'num_ctx':8192}}", 4096))
                .isEqualTo("{'options':{'num_ctx':8192}}");
        assertThat(edited(OllamaPolicy.NONE, "{'model':'m'}", 4096)).isEqualTo("{'model':'m'}");
    }

    @Test
    void aPreloadNamesNothingButTheModelAndThePolicy() {
        assertThat(new OllamaPolicy(4096, null, "-1", true).preloadBody("m"))
                .isEqualTo("{\"model\":\"m\",\"keep_alive\":-1,\"options\":{\"num_ctx\":4096},\"stream\":false}");
        assertThat(OllamaPolicy.NONE.preloadBody("a\"b")).isEqualTo("{\"model\":\"a\\\"b\",\"stream\":false}");
    }

    @Test
    void aDefaultBeyondTheMaximumIsRefused() {
        assertThatThrownBy(() -> new OllamaPolicy(9000, 8192, null, false)).hasMessageContaining("num_ctx: 9000");
    }
}
