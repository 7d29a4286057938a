#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds tests/package/consumer against an installed library: shared and static, by CMake and by pkg-config.
# Usage: library.sh PREFIX|BUILD: where it is installed, or the build folder out of which it is to be. What was
# installed is moved elsewhere first: nothing in it may know where it is.
set -euo pipefail
from=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
complain() { echo "library.sh: $*" >&2; exit 1; }

if [[ -f $from/CMakeCache.txt ]]; then
  for component in library dev; do
    cmake --install "$from" --prefix "$root/first" --component "$component" >"$root/log" ||
      { cat "$root/log"; exit 1; }
  done
  mv "$root/first" "$root/usr"
else
  cp -a "$from" "$root/usr"
fi
shared=$(find "$root/usr" -name 'libnodedb-cluster.so.[0-9]' -print -quit)
[[ -n $shared ]] || complain 'no shared library is installed'
libraries=$(dirname "$shared")

grep -q 'SONAME *libnodedb-cluster.so.0$' < <(objdump -p "$shared") || complain 'its soname is another'
# Without the version's own name, which not every linker writes.
nm -DC --defined-only "$shared" | grep -v ' A ' | cut -d' ' -f3- | LC_ALL=C sort | diff "$here/exports.txt" - ||
  complain 'it exports something else than exports.txt says'

expect='3, then malformed, no effect'
for linkage in shared static; do
  cmake -S "$here/consumer" -B "$root/$linkage" -G Ninja -DLINKAGE=$linkage -DCMAKE_PREFIX_PATH="$root/usr" \
    -DCMAKE_BUILD_TYPE=Debug >"$root/log" && ninja -C "$root/$linkage" --quiet || { cat "$root/log"; exit 1; }
  [[ $("$root/$linkage/consumer") == "$expect" ]] || complain "the $linkage consumer does not work"
done
[[ $("$root/static/consumer_test") == '3 runs' ]] || complain 'the consumer cannot be tested'
grep -q 'NEEDED.*libnodedb-cluster.so.0' < <(readelf -d "$root/shared/consumer") ||
  complain 'it is not linked to the soname'

export PKG_CONFIG_PATH=$libraries/pkgconfig
by_pkg_config() { # package, source
  local flags
  read -ra flags < <(pkg-config --cflags --libs "$1")
  "${CXX:-c++}" "$here/consumer/$2" "${flags[@]}" -o "$root/by-pkg-config"
  LD_LIBRARY_PATH=$libraries "$root/by-pkg-config"
}
[[ $(by_pkg_config nodedb-cluster main.cc) == "$expect" ]] || complain 'the consumer by pkg-config does not work'
[[ $(by_pkg_config nodedb-cluster-simulator test.cc) == '3 runs' ]] || complain 'nor can it be tested by pkg-config'
[[ $(pkg-config --static --libs nodedb-cluster) == *-lrocksdb* ]] || complain 'what the static library needs is not told'
