#!/usr/bin/env bash
# Disaster recovery by weir-recover, on an installation in a directory of its own with a few lines in the place of systemctl:
# recover.sh. Needs a built weir.jar; loopback only.
set -euo pipefail
tests="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packaging/tests/checks.sh
source "$tests/checks.sh"
packaging="$(dirname "$tests")"
jar="$packaging/../proxy-server/target/weir.jar"
work="$(mktemp -d)"
prefix="$work/root"
yaml="$prefix/etc/weir/weir.yaml"
state="$prefix/var/lib/weir"
port=18620
sim=

clean() {
  PATH="$work/bin:$PATH" systemctl stop weir.service || true
  if [ -n "$sim" ]; then
    kill "$sim" || true
    wait "$sim" || true
  fi
  rm -rf "$work"
}
trap clean EXIT

# Starts and stops the gateway as the service manager would: start returns when it listens.
make_systemctl() {
  mkdir "$work/bin"
  cat >"$work/bin/systemctl" <<END
#!/bin/bash
[ "\$1" = --quiet ] && shift
pid="\$(cat "$work/pid" 2>/dev/null)"
case "\$1 \$*" in
  is-active*weir.service) [ -n "\$pid" ] && kill -0 "\$pid" 2>/dev/null ;;
  stop*weir.service*) [ -z "\$pid" ] || { kill "\$pid" 2>/dev/null; tail --pid="\$pid" -f /dev/null; rm "$work/pid"; } ;;
  start*weir.service)
    (cd "$state" && exec "$prefix/usr/bin/weir" serve --config "$yaml") >>"$work/weir.log" 2>&1 &
    echo \$! >"$work/pid"
    for _ in \$(seq 240); do
      (: <>/dev/tcp/127.0.0.1/$port) 2>/dev/null && exit 0
      kill -0 \$! 2>/dev/null || { rm "$work/pid"; exit 1; }
      sleep 0.25
    done
    exit 1 ;;
  *) exit 3 ;;
esac
END
  chmod +x "$work/bin/systemctl"
}

weir() { "$prefix/usr/bin/weir" "$@"; }
tables() { java -cp "$jar" "$tests/DumpTables.java" "jdbc:sqlite:$state/data/weir.db"; }
recover() { PATH="$work/bin:$PATH" "$prefix/usr/sbin/weir-recover" "$@"; }
keys() { grep '^api_keys|' "$1"; }

write_configuration() { # PORT
  cat >"$yaml" <<END
server: {listen: "127.0.0.1:$1"}
auth: {master_key: "\${WEIR_MASTER_KEY}"}
database: {url: "sqlite:data/weir.db"}
backends: {sim: {url: "http://127.0.0.1:18621", kind: openai}}
END
}

"$packaging/debian/stage.sh" "$prefix" >"$work/version"
WEIR_ROOT="$prefix" "$prefix/usr/share/weir/bin/weir-setup"
sed -i -e '/^DATABASE_URL=/d' -e "s|^WEIR_SMOKE_OPTIONS=.*|WEIR_SMOKE_OPTIONS=--url http://127.0.0.1:$port --skip routing|" \
  "$prefix/etc/weir/weir.env"
write_configuration "$port"
make_systemctl
export PATH="$work/bin:$PATH"
java -jar "$jar" sim --port 18621 --kind openai --models m,embed --ttft 1ms >"$work/sim.log" 2>&1 &
sim=$!

check "it refuses where there is no backup" not recover latest
check "the gateway starts" systemctl start weir.service
check "a key is made" weir keys create kept --config "$yaml"
weir backup config --config "$yaml" >"$work/config-backup"
weir backup database --config "$yaml" >"$work/database-backup"
systemctl stop weir.service
tables >"$work/before"
check "the key is in the database" keys "$work/before"
check "an unknown day is refused" not recover 1999-01-01
check "and an unknown word" is "$(recover sometime >/dev/null 2>&1 || echo $?)" 2

rm -rf "$yaml" "$state/data"
check "it recovers from the loss of both" recover latest
check "it runs" systemctl is-active weir.service
check "the configuration is back" grep -q ":$port" "$yaml"
systemctl stop weir.service
# The rows that came by the try itself are newer.
tables >"$work/after"
check "the keys are as they were" diff <(keys "$work/before") <(keys "$work/after")
systemctl start weir.service

cp "$yaml" "$work/good.yaml"
weir backup database --config "$yaml" >"$work/database-backup"
truncate --size=-1 "$(cat "$work/database-backup")/database.gz"
check "a damaged backup is not taken" not recover latest
check "the configuration is as it was" cmp "$yaml" "$work/good.yaml"
check "the gateway runs again" systemctl is-active weir.service
rm -r "$(cat "$work/database-backup")"

# A backup whose configuration passes the check and cannot be listened with: 192.0.2.1 is nobody's (RFC 5737).
sed -i "s/127.0.0.1:$port/192.0.2.1:$port/" "$yaml"
weir backup config --config "$yaml" >"$work/config-backup"
cp "$work/good.yaml" "$yaml"
check "a backup that does not start is not kept" not recover latest
check "what was there before runs again" systemctl is-active weir.service
check "with its configuration" cmp "$yaml" "$work/good.yaml"
finish
