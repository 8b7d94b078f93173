#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2015
# D0: one gateway on three Ollama hosts, under sixteen names. Needs the jar, curl, jq and python3.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need java curl jq python3

LLM01=$(free_port) LLM02=$(free_port) ORC=$(free_port) PORT=$(free_port)
sim "$LLM01" "llama3.2:3b,qwen3:1.7b,mistral-small3.2:latest"
sim "$LLM02" "cogito:32b,deepcoder:14b,dolphin3:8b,gemma2:2b,phi3:latest"
sim "$ORC" "mxbai-embed-large,nomic-embed-text,all-minilm"
export LLM01_URL=http://127.0.0.1:$LLM01 LLM02_URL=http://127.0.0.1:$LLM02 ORC_URL=http://127.0.0.1:$ORC
export WEIR_LISTEN=127.0.0.1:$PORT
serve d0 "$ROOT/conf/weir.yaml"
URL=http://127.0.0.1:$PORT
await_url "$URL/readyz"

NAMES="llm01-llama3.2-3b llm01-qwen3-1.7b llm01-mistral-small3.2 llm02-cogito-32b llm02-deepcoder-14b llm02-dolphin3-8b
llm02-gemma2-2b llm02-phi3 hx-chat hx-chat-fast hx-chat-premium hx-chat-code hx-chat-creative"

listed() {
    ask GET "$URL/v1/models" && answered 200 || return 1
    local name
    for name in $NAMES emb-premium emb-perf emb-light; do
        jq -e --arg n "$name" 'any(.data[]; .id == $n)' "$ANSWER" >/dev/null || { echo "$name is not listed"; return 1; }
    done
}
routed() { chat_ok "$URL" "$1" && [ "$(header x-weir-backend)" = "$2" ] && [ "$(header x-weir-model)" = "$1" ]; }
balanced() {
    local seen="" i
    for i in $(seq 1 30); do chat_ok "$URL" hx-chat || return 1; seen="$seen $(header x-weir-backend)"; done
    [[ $seen == *llm-01* && $seen == *llm-02* ]] || { echo "in $i requests only:$seen"; return 1; }
}
refused() { AS=$1 ask GET "$URL/v1/models"; answered 401 '.error.code == "invalid_api_key"'; }
doctor() { WEIR_MASTER_KEY=$KEY STATE_DIRECTORY="$WORK/state-d0" "${WEIR[@]}" doctor --config "$ROOT/conf/weir.yaml"; }

check "sixteen names are listed" listed
for name in $NAMES; do
    check "chat with $name" chat_ok "$URL" "$name"
done
check "llm01-llama3.2-3b goes to llm-01" routed llm01-llama3.2-3b llm-01
check "llm02-phi3 goes to llm-02" routed llm02-phi3 llm-02
check "hx-chat is balanced over two hosts" balanced
check "emb-premium has 1024 dimensions" embedding_ok "$URL" emb-premium 1024
check "emb-perf has 768 dimensions" embedding_ok "$URL" emb-perf 768
check "emb-light has 384 dimensions" embedding_ok "$URL" emb-light 384
check "a wrong key is refused" refused sk-wrong
check "weir smoke" "${WEIR[@]}" smoke --url "$URL" --key "$KEY" --chat-model hx-chat
check "weir doctor" doctor
done_with D0
