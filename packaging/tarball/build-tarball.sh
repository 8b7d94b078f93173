#!/usr/bin/env bash
# Builds weir-VERSION.tar.gz: build-tarball.sh [OUT], where OUT is a directory (default: target). It holds what the Debian
# package holds, and install.sh. Needs proxy-server/target/weir.jar and a JDK. The same sources give the same bytes.
set -euo pipefail
tarball="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
root="$(cd "$tarball/../.." && pwd)"
out="${1:-$root/target}"

SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
version="$("$tarball/../debian/stage.sh" "$work/files")"
name="weir-$version"
mkdir "$work/$name"
mv "$work/files" "$work/$name/files"
install -m 755 "$tarball/install.sh" "$work/$name/"
install -m 644 "$root/LICENSE" "$root/docs/INSTALL.md" "$work/$name/"
(cd "$work/$name" && find files -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)

mkdir -p "$out"
tar --create --directory="$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" "$name" |
  gzip -6n >"$out/$name.tar.gz"
echo "$out/$name.tar.gz"
