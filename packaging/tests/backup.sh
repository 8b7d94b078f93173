#!/usr/bin/env bash
# Backup, destruction, restore and proof, on SQLite and on PostgreSQL: every row of every table is as it was, and the key that
# was made before answers requests after. Needs a built weir.jar, sqlite3 is not needed, PostgreSQL's programs (server and
# client) are. Everything is on loopback, in a directory of its own, and ended at the end.
#
#   packaging/tests/backup.sh
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="${WEIR_JAR:-$root/proxy-server/target/weir.jar}"
work="$(mktemp -d)"
chmod 755 "$work"
pids=()
pg=""

stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
finish() {
  stop
  if [ -n "$pg" ]; then as_postgres "$pg/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap finish EXIT

say() { printf '%s\n' "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }
weir() { (cd "$work" && java -jar "$jar" "$@"); }
as_postgres() { # initdb and postgres refuse to run as root
  if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c 'cd /; exec "$@"' -- sh "$@"; else "$@"; fi
}

[ -f "$jar" ] || fail "there is no $jar: run ./mvnw -DskipTests package"
for tool in java curl pg_dump pg_restore psql; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done
pg="$(find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null | sort | tail -1)"
[ -n "$pg" ] || fail "PostgreSQL's server is missing (postgresql in Debian)"

start_postgres() {
  mkdir "$work/pg"
  if [ "$(id -u)" = 0 ]; then chown postgres "$work/pg"; fi
  as_postgres "$pg/initdb" -D "$work/pg" -A trust -U weir >/dev/null
  as_postgres "$pg/pg_ctl" -D "$work/pg" -w -l "$work/pg/log" \
    -o "-p 18432 -c listen_addresses=127.0.0.1 -c unix_socket_directories=" start >/dev/null
  create_database
}
create_database() { psql -q "postgresql://weir@127.0.0.1:18432/postgres" -c "CREATE DATABASE weir"; }

start_gateway() {
  (cd "$work" && exec java -jar "$jar" serve --config "$work/weir.yaml") >"$work/weir.log" 2>&1 &
  pids+=("$!")
  for _ in $(seq 120); do
    if curl -fsS -o "$work/ready" http://127.0.0.1:18400/readyz 2>/dev/null; then return; fi
    sleep 0.5
  done
  tail -20 "$work/weir.log" >&2
  fail "the gateway does not get ready"
}
start_sim() {
  java -jar "$jar" sim --port 18401 --kind openai --models m >"$work/sim.log" 2>&1 &
  pids+=("$!")
}

chat() { # KEY: the status of a chat
  curl -s -o "$work/answer" -w '%{http_code}' http://127.0.0.1:18400/v1/chat/completions \
    -H "Authorization: Bearer $1" -H 'Content-Type: application/json' -H 'Cache-Control: no-store' \
    -d '{"model":"m","messages":[{"role":"user","content":"hello"}]}'
}

await_answer() { # KEY: the gateway has to learn of the key and of the backend's model first
  for _ in $(seq 80); do if [ "$(chat "$1")" = 200 ]; then return; fi; sleep 0.25; done
  fail "a chat is not answered: $(cat "$work/answer")"
}

dump_sqlite() { # FILE: every row of every table, by the driver in the jar
  java -cp "$jar" "$root/packaging/tests/DumpTables.java" "jdbc:sqlite:$work/weir.db" >"$1"
}
dump_postgres() {
  java -cp "$jar" "$root/packaging/tests/DumpTables.java" "jdbc:postgresql://127.0.0.1:18432/weir?user=weir" >"$1"
}
destroy_sqlite() { rm -f "$work"/weir.db*; }
destroy_postgres() {
  psql -q "postgresql://weir@127.0.0.1:18432/postgres" -c "DROP DATABASE weir WITH (FORCE)"
  create_database
}

round() { # KIND URL
  local key
  say "== $1"
  rm -rf "$work/backups" "$work/data"
  cat >"$work/weir.yaml" <<YAML
server: {listen: "127.0.0.1:18400"}
database: {url: "$2"}
backends: {sim: {url: "http://127.0.0.1:18401", kind: openai}}
middleware: {audit: {bodies: true}}
YAML
  start_sim
  start_gateway
  key="$(weir keys create --json --config "$work/weir.yaml" before | sed -n 's/.*"key" *: *"\([^"]*\)".*/\1/p')"
  [ -n "$key" ] || fail "no key was made"
  await_answer "$key"
  for _ in $(seq 50); do [ "$(chat "$key")" = 200 ] || fail "a chat was not answered: $(cat "$work/answer")"; done
  stop
  "dump_$1" "$work/before"
  grep -Eq "^audit(_rows)?[|]" "$work/before" || fail "nothing was recorded"

  weir backup checkpoint --config "$work/weir.yaml" --directory "$work/backups"
  weir backup checkpoint --verify --config "$work/weir.yaml" --directory "$work/backups"
  "destroy_$1"
  rm "$work/weir.yaml"
  say "database and configuration are destroyed"
  weir restore latest checkpoint --config "$work/weir.yaml" --directory "$work/backups"

  "dump_$1" "$work/after"
  cmp "$work/before" "$work/after" || fail "the tables differ"
  say "$(wc -l <"$work/after") rows are as they were"
  start_sim
  start_gateway
  await_answer "$key"
  stop
  say "the key from before is answered"
}

start_postgres
round sqlite "sqlite:$work/weir.db"
round postgres "postgresql://weir@127.0.0.1:18432/weir"
say "backup, destruction, restore and proof: ok"
