package dev.weir.pipeline.usage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the scan makes of answers, however they are cut. JSON is written with apostrophes. */
final class AnswerScanTest {
    /** Answers as servers write them, and what is in them. */
    enum Answer {
        CHAT_STREAM(12, 5, 4, 3, """
                data: {'id':'c','object':'chat.completion.chunk','created':1,'model':'m','choices':[{'index':0,'delta':{'role':'assistant','content':'','refusal':null},'logprobs':null,'finish_reason':null}],'usage':null}

                data: {'id':'c','choices':[{'index':0,'delta':{'content':'Hel'},'finish_reason':null}],'usage':null}

                data: {'id':'c','choices':[{'index':0,'delta':{'content':'\\'usage\\':{\\'prompt_tokens\\':99}'},'finish_reason':null}],'usage':null}

                data: {'id':'c','choices':[{'index':0,'delta':{'content':'\\\\'},'finish_reason':null}],'usage':null}

                data: {'id':'c','choices':[{'index':0,'delta':{},'finish_reason':'stop'}],'usage':null}

                data: {'id':'c','choices':[],'usage':{'prompt_tokens':12,'completion_tokens':5,'total_tokens':17,'prompt_tokens_details':{'cached_tokens':4,'audio_tokens':0},'completion_tokens_details':{'reasoning_tokens':2}}}

                data: [DONE]

                """),
        CHAT_WITHOUT_USAGE(0, 0, 0, 2, """
                data: {'choices': [{'index': 0, 'delta': {'role': 'assistant', 'content': ''}}]}

                data: {'choices': [{'index': 0, 'delta': {'reasoning': 'a', 'reasoning_content': 'a'}}]}

                : ping

                data: {'choices': [{'index': 0, 'delta': {'tool_calls': [{'index': 0, 'function': {'arguments': '{}'}}]}}]}

                data: [DONE]

                """),
        CHAT(9, 7, 0, 1, """
                {"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"\\"usage\\":{\\"prompt_tokens\\":1}"},"finish_reason":"stop"}],
                  "usage" : null, "usage": { "prompt_tokens" : 9, "completion_tokens" : 7, "total_tokens" : 16, "note": "}" }, "system_fingerprint":"fp"}"""),
        COMPLETIONS_OF_OLLAMA(3, 2, 0, 2, """
                data: {'object':'text_completion','choices':[{'text':'a','index':0}],'usage':{'prompt_tokens':0,'completion_tokens':0,'total_tokens':0}}

                data: {'object':'text_completion','choices':[{'text':'b','index':0}],'usage':{'prompt_tokens':0,'completion_tokens':0,'total_tokens':0}}

                data: {'object':'text_completion','choices':[],'usage':{'prompt_tokens':3,'completion_tokens':2,'total_tokens':5}}

                data: [DONE]

                """),
        CONTINUOUS_USAGE(3, 2, 0, 2, """
                data: {'choices':[{'index':0,'delta':{'content':'a'}}],'usage':{'prompt_tokens':3,'completion_tokens':1,'total_tokens':4}}

                data: {'choices':[{'index':0,'delta':{'content':'b'}}],'usage':{'prompt_tokens':3,'completion_tokens':2,'total_tokens':5}}

                """),
        EMBEDDINGS(8, 0, 0, 0, """
                {'object':'list','data':[{'object':'embedding','index':0,'embedding':[0.25,-1.5e-3]}],'model':'m','usage':{'prompt_tokens':8,'total_tokens':8}}"""),
        EMBEDDINGS_OF_LLAMA_CPP(8, 0, 0, 0, """
                {'model':'m','object':'list','usage':{'prompt_tokens':8,'total_tokens':8},'data':[{'embedding':'AAAA','index':0}]}"""),
        RERANK(21, 0, 0, 0, "{'id':'r','results':[{'index':0,'relevance_score':0.9}],'usage':{'total_tokens':21}}"),
        RESPONSES_STREAM(11, 6, 3, 2, """
                event: response.created
                data: {'type':'response.created','response':{'id':'resp','status':'in_progress','output':[],'usage':null}}

                event: response.output_text.delta
                data: {'type':'response.output_text.delta','delta':'He','sequence_number':4}

                event: response.output_text.delta
                data: {'type':'response.output_text.delta','delta':'y','sequence_number':5}

                event: response.output_text.done
                data: {'type':'response.output_text.done','text':'Hey'}

                event: response.completed
                data: {'type':'response.completed','response':{'output':[{'content':[{'type':'output_text','text':'Hey'}]}],'usage':{'input_tokens':11,'input_tokens_details':{'cached_tokens':3},'output_tokens':6,'output_tokens_details':{'reasoning_tokens':0},'total_tokens':17},'user':null}}

                """),
        MESSAGES_STREAM(20, 15, 7, 3, """
                event: message_start
                data: {'type':'message_start','message':{'id':'msg','type':'message','role':'assistant','content':[],'usage':{'input_tokens':10,'cache_creation_input_tokens':3,'cache_read_input_tokens':7,'output_tokens':1,'service_tier':'standard'}}}

                event: content_block_start
                data: {'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}

                event: ping
                data: {'type': 'ping'}

                event: content_block_delta
                data: {'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'Hi'}}

                event: content_block_delta
                data: {'type':'content_block_delta','index':0,'delta':{'type':'thinking_delta','thinking':'hm'}}

                event: content_block_delta
                data: {'type':'content_block_delta','index':1,'delta':{'type':'input_json_delta','partial_json':'{'}}

                event: message_delta
                data: {'type':'message_delta','delta':{'stop_reason':'end_turn','stop_sequence':null},'usage':{'output_tokens':15}}

                event: message_stop
                data: {'type':'message_stop'}

                """),
        MESSAGE(5, 4, 0, 1, """
                {'id':'msg','type':'message','role':'assistant','content':[{'type':'tool_use','name':'t','input':{'usage':{'input_tokens':99,'output_tokens':98}}}],'stop_reason':'end_turn','usage':{'input_tokens':5,'output_tokens':4}}"""),
        OLLAMA_CHAT_STREAM(26, 3, 0, 2, """
                {'model':'m','created_at':'2026-11-21T00:00:00.0Z','message':{'role':'assistant','content':'','thinking':'hm'},'done':false}
                {'model':'m','created_at':'2026-11-21T00:00:00.0Z','message':{'role':'assistant','content':'hi'},'done':false}
                {'model':'m','message':{'role':'assistant','content':''},'done_reason':'stop','done':true,'total_duration':1,'prompt_eval_count':26,'prompt_eval_duration':2,'eval_count':3,'eval_duration':4}
                """),
        OLLAMA_GENERATE_STREAM(4, 2, 0, 2, """
                {'model':'m','response':'a','done':false}
                {'model':'m','response':'b','done':false}
                {'model':'m','response':'','done':true,'context':[1,2],'prompt_eval_count':4,'eval_count':2}
                """),
        OLLAMA_EMBED(6, 0, 0, 0, "{'model':'m','embeddings':[[0.1]],'total_duration':1,'prompt_eval_count':6}");

        private final long prompt;
        private final long completion;
        private final long cached;
        private final long pieces;
        private final String text;

        Answer(long prompt, long completion, long cached, long pieces, String text) {
            this.prompt = prompt;
            this.completion = completion;
            this.cached = cached;
            this.pieces = name().equals("MESSAGE") ? 0 : pieces;
            this.text = text.replace("\\'", "\\\"").replace('\'', '"');
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerInOnePartIsUnderstood(Answer answer) {
        AnswerScan scan = new AnswerScan();

        scan.add(buffer(answer.text));

        assertUnderstood(scan, answer);
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerMayBeCutAnywhereInTwo(Answer answer) {
        byte[] bytes = answer.text.getBytes(UTF_8);
        for (int cut = 1; cut < bytes.length; cut++) {
            AnswerScan scan = new AnswerScan();

            scan.add(Unpooled.wrappedBuffer(bytes, 0, cut));
            scan.add(Unpooled.wrappedBuffer(bytes, cut, bytes.length - cut));

            assertUnderstood(scan, answer);
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerMayComeInPartsOfAnySize(Answer answer) {
        byte[] bytes = answer.text.getBytes(UTF_8);
        Random random = new Random(7);
        for (int round = 0; round < 100; round++) {
            AnswerScan scan = new AnswerScan();
            int size = round < 5 ? round + 1 : 1 + random.nextInt(60);
            for (int at = 0; at < bytes.length; ) {
                int length = Math.min(bytes.length - at, round < 5 ? size : random.nextInt(size + 1));
                ByteBuf part = Unpooled.wrappedBuffer(Arrays.copyOfRange(bytes, at, at + length));
                scan.add(part);
                assertThat(part.readableBytes()).isEqualTo(length);
                at += length;
            }

            assertUnderstood(scan, answer);
        }
    }

    private static void assertUnderstood(AnswerScan scan, Answer answer) {
        assertThat(scan.reported().isSaid()).isEqualTo(answer.prompt > 0);
        assertThat(scan.reported().promptTokens()).isEqualTo(answer.prompt);
        assertThat(scan.reported().completionTokens()).isEqualTo(answer.completion);
        assertThat(scan.reported().cachedTokens()).isEqualTo(answer.cached);
        assertThat(scan.pieces()).isEqualTo(answer.pieces);
    }

    @Test
    void usageThatIsNoneChangesNothing() {
        AnswerScan scan = new AnswerScan();

        scan.add(buffer(
                "{'usage':'a','usage':[{'prompt_tokens':1}],'usage':{},'usage':{'prompt_tokens':'7'},'usage':12}"));
        scan.add(buffer("{'x_usage':{'prompt_tokens':1},'usages':{'prompt_tokens':1},'usage':{'prompt_tokens':-1}}"));
        scan.add(buffer("{'usage':{'prompt_tokens':99999999999999999999999999}}"));

        assertThat(scan.reported().isSaid()).isFalse();
    }

    @Test
    void usageWithoutEndIsGivenUpAndTheRestStillUnderstood() {
        AnswerScan scan = new AnswerScan();

        scan.add(buffer("{'usage':{'a':'" + "x".repeat(100_000) + "'}}"));
        scan.add(buffer("{'usage':{'prompt_tokens':5,'completion_tokens':2}}"));

        assertThat(scan.reported().promptTokens()).isEqualTo(5);
    }

    @Test
    void usageThatNeverEndsIsGivenUpAfterSomeKilobytes() {
        AnswerScan scan = new AnswerScan();

        scan.add(buffer("data: {'usage':{'prompt_tokens':5\n\n"));
        scan.add(buffer("data: {'x':1}\n\n".repeat(1_000)));
        scan.add(buffer("data: {'usage':{'prompt_tokens':7,'completion_tokens':2}}\n\n"));

        assertThat(scan.reported().promptTokens()).isEqualTo(7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5 6", "5.5", "'5'", "[5]", "{'a':5}", "5e1", "null", "123456789012345678"})
    void whatIsNoWholeNumberOfTokensIsPassedOver(String value) {
        AnswerScan scan = new AnswerScan();

        scan.add(buffer("{'usage':{'prompt_tokens':" + value + ",'completion_tokens': 2 }}"));

        assertThat(scan.reported().promptTokens()).isZero();
        assertThat(scan.reported().completionTokens()).isEqualTo(2);
    }

    @Test
    void eventsWithoutUsageCostNoAllocation() {
        ByteBuf event = buffer(
                "data: {'id':'c','object':'chat.completion.chunk','created':1,'model':'m','choices':[{'index':0,'delta':{'content':' word'},'logprobs':null,'finish_reason':null}],'usage':null}\n\n");
        AnswerScan scan = new AnswerScan();
        for (int i = 0; i < 50_000; i++) {
            scan.add(event);
        }

        long before = allocatedBytes();
        for (int i = 0; i < 100_000; i++) {
            scan.add(event);
        }

        assertThat(allocatedBytes() - before).isLessThan(100_000);
        assertThat(scan.pieces()).isEqualTo(150_000);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static ByteBuf buffer(String json) {
        return Unpooled.copiedBuffer(json.replace('\'', '"'), UTF_8);
    }
}
