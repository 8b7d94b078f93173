#!/usr/bin/env bash
# Installs the Debian package into a bare chroot of Debian, runs it there, upgrades, removes and purges it:
# package.sh [PACKAGE.deb]. Needs root, debootstrap and Debian's mirror. Everything happens in a mount, process and network
# namespace of its own.
set -euo pipefail
tests="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
# shellcheck source=packaging/tests/chroot.sh
source "$tests/chroot.sh"

require_debootstrap
work="$(mktemp -d)"
trap 'rm -rf --one-file-system "$work"' EXIT
package="${1:-$("$tests/../debian/build-deb.sh" "$work")}"
bare_debian "$work/root"
cp "$tests/checks.sh" "$tests/package-inside.sh" "$work/root/root/"
cp "$package" "$work/root/root/weir.deb"

# The same package with the next version and a new line in its configuration.
dpkg-deb -R "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
echo "# a line of the next version" >>"$work/next/etc/weir/weir.yaml"
dpkg-deb --root-owner-group -Zgzip --build "$work/next" "$work/root/root/next.deb" >/dev/null

unshare --mount --net --pid --fork --kill-child --mount-proc="$work/root/proc" \
  chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive bash /root/package-inside.sh
