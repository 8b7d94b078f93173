#!/usr/bin/env bash
# Installs the tarball into a prefix, runs it there, installs again and takes it away: install.sh [weir-VERSION.tar.gz].
set -euo pipefail
tests="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packaging/tests/checks.sh
source "$tests/checks.sh"

stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" || true
    server=
  fi
}

stop_and_clean() {
  stop
  rm -rf "$work"
}

work="$(mktemp -d)"
server=
trap stop_and_clean EXIT
tarball="${1:-$("$tests/../tarball/build-tarball.sh" "$work")}"
tar -xzf "$tarball" -C "$work"
unpacked="$(echo "$work"/weir-*/)"
prefix="$work/prefix with a space"
installer=("$unpacked/install.sh" "--prefix=$prefix")

refuses() {
  local words="$1" output
  shift
  if output="$("$@" 2>&1)"; then echo "it did not refuse" && return 1; fi
  echo "$output"
  grep -q "$words" <<<"$output" && grep -q "nothing was changed" <<<"$output" && not test -e "$prefix"
}

without_a_file() {
  mv "$unpacked/files/usr/share/weir/weir.jvm" "$work/kept"
  refuses "missing or changed" "${installer[@]}"
  local code=$?
  mv "$work/kept" "$unpacked/files/usr/share/weir/weir.jvm"
  return "$code"
}

with_an_old_java() {
  mkdir -p "$work/jdk/bin"
  # shellcheck disable=SC2016 # for the file
  printf '#!/bin/sh\necho "openjdk version \\"11.0.2\\"" >&2\n' >"$work/jdk/bin/java"
  chmod +x "$work/jdk/bin/java"
  refuses "older than 17" env JAVA_HOME="$work/jdk" "${installer[@]}"
}

answers() {
  local port
  for _ in $(seq 120); do
    port="$(sed -n 's/.* listens on [^ ]*:\([0-9]*\),.*/\1/p' "$1" | head -1)"
    if [ -n "$port" ] && exec 3<>"/dev/tcp/127.0.0.1/$port"; then
      printf 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >&3
      head -1 <&3 | grep -q 200
      return
    fi
    sleep 0.5
  done
  cat "$1"
  return 1
}

files_of() { (cd "$prefix" && find . -type f ! -name weir.jsa -exec sha256sum {} + | LC_ALL=C sort -k2); }

check "a damaged archive is refused" without_a_file
check "an old Java is refused" with_an_old_java
check "an unknown option is refused" is "$("$unpacked/install.sh" --frobnicate >/dev/null 2>&1 || echo $?)" 2
check "a dry run passes" "${installer[@]}" --dry-run
check "a dry run changes nothing" not test -e "$prefix"
check "it installs" "${installer[@]}"
check "weir runs from there" "$prefix/usr/bin/weir" version
check "the configuration is 640" is "$(stat -c %a "$prefix/etc/weir/weir.yaml")" 640
check "the secrets are 640" is "$(stat -c %a "$prefix/etc/weir/weir.env")" 640
check "the configuration is valid" "$prefix/usr/bin/weir" check "$prefix/etc/weir/weir.yaml"
WEIR_LISTEN=127.0.0.1:0 "$prefix/usr/bin/weir" serve --config "$prefix/etc/weir/weir.yaml" >"$work/serve.log" 2>&1 &
server=$!
check "it serves from there" answers "$work/serve.log"
stop

files_of >"$work/before"
check "it installs again" "${installer[@]}"
files_of >"$work/after"
check "installing again changes nothing" diff "$work/before" "$work/after"
echo "# edited" >>"$prefix/etc/weir/weir.yaml"
check "it installs over an edited configuration" "${installer[@]}"
check "the edited configuration is kept" grep -q '^# edited' "$prefix/etc/weir/weir.yaml"
check "the new one stands beside it" test -f "$prefix/etc/weir/weir.yaml.new"
echo "nonsense: 1" >>"$prefix/etc/weir/weir.yaml"
check "a configuration that is not valid stops an upgrade" not "${installer[@]}"

check "it is taken away" "${installer[@]}" --uninstall
check "configuration stays" test -f "$prefix/etc/weir/weir.yaml" -a -f "$prefix/etc/weir/weir.env"
check "nothing of the program is left" is "$(find "$prefix/usr" "$prefix/etc/logrotate.d" -type f)" ""
check "it is purged" "${installer[@]}" --uninstall --purge
check "no file is left" is "$(find "$prefix" -type f)" ""
finish
