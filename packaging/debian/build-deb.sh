#!/usr/bin/env bash
# Builds weir_VERSION_all.deb: build-deb.sh [OUT], where OUT is a directory (default: target). Needs proxy-server/target/weir.jar,
# a JDK and dpkg-deb. The same sources give the same bytes (stage.sh says how).
set -euo pipefail
debian="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
root="$(cd "$debian/../.." && pwd)"
out="${1:-$root/target}"

command -v dpkg-deb >/dev/null || {
  echo "build-deb.sh: dpkg-deb is not there: install the package dpkg" >&2
  exit 1
}
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
tree="$work/tree"
version="$("$debian/stage.sh" "$tree")"

install -D -m 644 "$debian/copyright" "$tree/usr/share/doc/weir/copyright"
gzip -9n <"$root/CHANGELOG.md" >"$tree/usr/share/doc/weir/changelog.gz"
chmod 644 "$tree/usr/share/doc/weir/changelog.gz"
installed_kib="$(du -sk --apparent-size "$tree" | cut -f1)"

mkdir "$tree/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@INSTALLED_KIB@/$installed_kib/" "$debian/control" >"$tree/DEBIAN/control"
install -m 644 "$debian/conffiles" "$debian/triggers" "$tree/DEBIAN/"
install -m 755 "$debian/postinst" "$debian/prerm" "$debian/postrm" "$tree/DEBIAN/"
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$out"
package="$out/weir_${version}_all.deb"
dpkg-deb --root-owner-group -Zgzip --build "$tree" "$package" >/dev/null
echo "$package"
