#!/usr/bin/env bash
# Lays out what the package and the tarball install: stage.sh DIRECTORY. Prints the version. The same sources give the same
# bytes; SOURCE_DATE_EPOCH is the time of every file (default: of the last commit).
set -euo pipefail
packaging="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)"
root="$(dirname "$packaging")"
jar="$root/proxy-server/target/weir.jar"
tree="${1:?usage: stage.sh DIRECTORY}"

fail() {
  echo "stage.sh: $*" >&2
  exit 1
}

source_date_epoch() {
  git -C "$root" log -1 --format=%ct 2>/dev/null || fail "SOURCE_DATE_EPOCH is not set and there is no commit to take it from"
}

# The shipped configuration, open to the network.
packaged_configuration() {
  # shellcheck disable=SC2016 # the file's own ${…}
  sed -e 's|\${WEIR_LISTEN:-127.0.0.1:4000}|${WEIR_LISTEN:-0.0.0.0:4000}|' \
    -e '1s|\$schema=weir.schema.json|$schema=/usr/share/weir/weir.schema.json|' "$root/conf/weir.yaml"
}

# weir.service for one of two instances at the port of weir-port.socket.
instance_unit() {
  sed -e '/^Description=/s/$/ (%i)/' -e '/^After=/s/$/ weir-port.socket/' \
    -e '/^StartLimitIntervalSec=/i Requires=weir-port.socket' -e '/^NonBlocking=/i Sockets=weir-port.socket' \
    "$packaging/systemd/weir.service"
}

# MODE PATH SOURCE, as contents has it.
install_line() {
  local mode="$1" path="$2" source="$3" file found=
  local pattern="$root/$source"
  case "$source" in @stage/*) pattern="$stage/${source#@stage/}" ;; esac
  for file in $pattern; do
    [ -f "$file" ] || continue
    found=yes
    case "$path" in
      */) install -D -m "$mode" "$file" "$tree/$path$(basename "$file")" ;;
      *) install -D -m "$mode" "$file" "$tree/$path" ;;
    esac
  done
  [ -n "$found" ] || fail "$source is not there (contents: $path)"
}

[ -f "$jar" ] || fail "$jar is not there: build it first with ./mvnw -DskipTests package"
command -v java >/dev/null || fail "java is not there: install a JDK of version 17 or newer"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(source_date_epoch)}"
stage="$(mktemp -d)"
trap 'rm -rf "$stage"' EXIT

packaged_configuration >"$stage/weir.yaml"
grep -q '0\.0\.0\.0:4000}"' "$stage/weir.yaml" || fail "conf/weir.yaml: server.listen is not as expected"
WEIR_MASTER_KEY=staged java -jar "$jar" check "$stage/weir.yaml" >"$stage/check.log" 2>&1 ||
  fail "the jar refuses conf/weir.yaml, is it older? $(cat "$stage/check.log")"
instance_unit >"$stage/weir@.service"
for page in weir.1 weir-recover.8 weir-restart.8; do gzip -9n <"$packaging/files/$page" >"$stage/$page.gz"; done
(cd "$stage" && java -cp "$jar" picocli.AutoComplete --name weir --completionScript weir.bash dev.weir.server.Main)

mkdir -p "$tree"
while read -r mode path source; do
  case "$mode" in '' | \#*) continue ;; esac
  install_line "$mode" "$path" "$source"
done <"$packaging/debian/contents"
find "$tree" -type d -exec chmod 755 {} +
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

java -jar "$jar" version | sed -n 's/^weir //p'
