#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2015
# D3: agents' streams, cached embeddings, management. Needs the jar, curl, jq and python3.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
need java curl jq python3

OLLAMA=$(free_port) PORT=$(free_port)
sim "$OLLAMA" "phi3:latest,all-minilm"
URL=http://127.0.0.1:$PORT
mkdir "$WORK/html" && echo '<h1>guide</h1>' >"$WORK/html/guide.html"
cat >"$WORK/d3.yaml" <<Y
server: {listen: "127.0.0.1:$PORT", docs_directory: "$WORK/html"}
auth: {management_key: sk-acceptance-management}
backends: {ollama: {url: "http://127.0.0.1:$OLLAMA", kind: ollama, parallel: 4, timeouts: {total: 3600s}}}
models:
  phi3: {targets: [{backend: ollama, model: "phi3:latest"}]}
  embeddings: {targets: [{backend: ollama, model: all-minilm}]}
agents:
  voice:   {chunk_size: 1,  timeout: 30.0,  buffer_size: 50,  delay_between_chunks: 0.01}
  copilot: {chunk_size: 5,  timeout: 60.0,  buffer_size: 200, delay_between_chunks: 0.05}
  gui:     {chunk_size: 10, timeout: 120.0, buffer_size: 500, delay_between_chunks: 0.1}
middleware:
  rate_limit: {management: {requests_per_minute: 60}}
  cache: {embeddings: {ttl: 3600s, prefix: "citadel:embeddings:"}, responses: {enabled: true, ttl: 1800s, prefix: "citadel:responses:"}}
Y
serve d3 "$WORK/d3.yaml"
await_url "$URL/readyz"
MGMT=sk-acceptance-management

agent() {
    local question='{"model": "phi3", "max_tokens": 20, "messages": [{"role": "user", "content": "rivers"}]}'
    ask POST "$URL/v1/agents/stream?agent_type=$1" "$question" && [ "$STATUS" = 200 ] || return 1
    [[ $(header content-type) == text/event-stream* ]] && grep -q '^data: \[DONE\]' "$ANSWER"
}
unknown_agent() { ask POST "$URL/v1/agents/stream?agent_type=robot" '{"model": "phi3", "messages": []}'; answered 404 && grep -q voice "$ANSWER"; }
by_path() { ask POST "$URL/v1/voice/completions" '{"model": "phi3", "prompt": "rivers", "max_tokens": 5}'; [ "$STATUS" = 200 ] && grep -q '^data: ' "$ANSWER"; }
cached() {
    embedding_ok "$URL" embeddings 384 || return 1
    embedding_ok "$URL" embeddings 384 && [ "$(header x-weir-cache)" = hit ]
}
ollama_embedding() { ask POST "$URL/api/embeddings" '{"model": "embeddings", "prompt": "a weir"}'; answered 200 '.embedding | length == 384'; }
managed() { AS=$MGMT ask GET "$URL/management/$1"; answered 200 "$2"; }
not_for_clients() { AS=$MGMT ask POST "$URL/management/keys" '{"name": "client"}'; local k; k=$(jq -r .key "$ANSWER"); AS=$k ask GET "$URL/management/models/list"; answered 403; }
pulled() { AS=$MGMT ask POST "$URL/management/models/pull" '{"model": "gemma2:2b", "stream": false}'; answered 200; }
deleted() { AS=$MGMT ask POST "$URL/management/models/delete" '{"model": "gemma2:2b"}'; answered 200; }
audited() {
    local i
    for i in $(seq 1 50); do
        managed "audit?model=phi3" '.data | length > 0' && return 0
        sleep 0.2
    done
    echo "nothing after $i looks"
    return 1
}
open_page() { ask GET "$URL$1" "" && [ "$STATUS" = 200 ]; }
healthy() { ask GET "$URL/health" && answered 200 '.status == "healthy" and (.uptime >= 0)'; }

for type in voice copilot gui; do check "agent $type streams" agent "$type"; done
check "an unknown agent is answered with the known ones" unknown_agent
check "an agent by its path takes completions" by_path
check "chat with an alias" chat_ok "$URL" phi3
check "embeddings are cached" cached
check "Ollama's form of embeddings" ollama_embedding
check "models list" managed models/list '.models | length >= 2'
check "models configured" managed models/configured .
check "models pull" pulled
check "models info" managed "models/gemma2:2b/info" .
check "models delete" deleted
check "system resources" managed system/resources 'has("cpu_percent") and (.memory | has("percent")) and (.disk_root | has("percent")) and has("gpu_info")'
check "storage usage" managed system/storage-usage .
check "Ollama status" managed system/ollama-status .
check "management is not for clients" not_for_clients
check "requests are audited" audited
check "health" healthy
check "metrics" open_page /metrics
check "documents have a list" open_page /docs/
check "documents are served" open_page /docs/guide.html
done_with D3
