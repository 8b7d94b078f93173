# shellcheck shell=bash disable=SC2317,SC2034
# What the acceptance scripts share. Everything is started on free loopback ports in a directory of its own, and ended.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
JAR=${WEIR_JAR:-$ROOT/proxy-server/target/weir.jar}
read -r -a WEIR <<<"${WEIR:-java -jar $JAR}"
KEY=sk-acceptance-master
WORK=$(mktemp -d "${TMPDIR:-/tmp}/weir-acceptance.XXXXXX")
PIDS=()
FAILED=0
ANSWER=$WORK/answer
HEAD=$WORK/head
STATUS=0

finish() {
    local pid
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null; done
    rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 1' INT TERM

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "FAILED  $tool is missing"; exit 1; }
    done
}

# check NAME COMMAND...: runs the command, says ok or FAILED.
check() {
    local name=$1
    shift
    if "$@" >"$WORK/why" 2>&1; then
        echo "ok      $name"
    else
        echo "FAILED  $name"
        sed 's/^/          /' "$WORK/why" | head -5
        [ -s "$ANSWER" ] && { printf '          status %s: ' "$STATUS"; head -c 300 "$ANSWER"; echo; }
        FAILED=$((FAILED + 1))
    fi
}

skip() { echo "skipped $1: $2"; }

done_with() {
    if [ "$FAILED" -eq 0 ]; then echo "$1: all ok"; else echo "$1: $FAILED FAILED"; fi
    [ "$FAILED" -eq 0 ]
    exit
}

free_port() {
    python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'
}

await_url() {
    local i
    for i in $(seq 1 300); do
        curl -fs -m 2 -o /dev/null "$1" && return 0
        sleep 0.2
    done
    echo "no answer from $1 ($i looks)"
    return 1
}

# sim PORT MODELS [OPTIONS...]
sim() {
    local port=$1 models=$2
    shift 2
    "${WEIR[@]}" sim --port "$port" --models "$models" --ttft 5ms --tokens-per-second 2000 "$@" >"$WORK/sim-$port.log" 2>&1 &
    PIDS+=($!)
    await_url "http://127.0.0.1:$port/api/version"
}

# serve NAME CONFIG: starts a gateway with a state directory of its own.
serve() {
    mkdir -p "$WORK/state-$1"
    STATE_DIRECTORY="$WORK/state-$1" WEIR_MASTER_KEY=$KEY "${WEIR[@]}" serve --config "$2" >"$WORK/weir-$1.log" 2>&1 &
    PIDS+=($!)
    LAST_PID=$!
}

# ask METHOD URL [JSON] [CURL OPTIONS...]: leaves STATUS, the answer and its head.
ask() {
    local method=$1 url=$2 json=${3:-}
    shift $(($# > 2 ? 3 : 2))
    local body=()
    [ -n "$json" ] && body=(-H 'content-type: application/json' -d "$json")
    STATUS=$(curl -s -m 30 -X "$method" -o "$ANSWER" -D "$HEAD" -w '%{http_code}' \
        -H "authorization: Bearer ${AS:-$KEY}" "${body[@]}" "$@" "$url")
}

# answered STATUS [JQ FILTER that must be true]
answered() {
    [ "$STATUS" = "$1" ] || { echo "status $STATUS (expected: $1)"; return 1; }
    [ $# -lt 2 ] || jq -e "$2" "$ANSWER" >/dev/null || { echo "not so: $2"; return 1; }
}

header() { grep -i "^$1:" "$HEAD" | tail -1 | cut -d: -f2- | tr -d '\r' | sed 's/^ //'; }

chat() { ask POST "$1/v1/chat/completions" "{\"model\": \"$2\", \"temperature\": 0, \"max_tokens\": 16, \"messages\": [{\"role\": \"user\", \"content\": \"ping\"}]}"; }

chat_ok() { chat "$1" "$2" && answered 200 '.choices[0].message.content | length > 0'; }

embedding_ok() {
    ask POST "$1/v1/embeddings" "{\"model\": \"$2\", \"input\": \"a weir\"}" && answered 200 ".data[0].embedding | length == $3"
}
