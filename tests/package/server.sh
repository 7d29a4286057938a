#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The packages' life in a clean Debian root: judged by lintian and systemd, installed, run, upgraded under a running
# node, removed (data stays), installed again, purged (data is gone). Needs root, and a Debian mirror for the root.
# Usage: server.sh
set -euo pipefail
# Mounts, and whatever goes wrong with them, end with this.
[[ ${1:-} == inside ]] || exec unshare --mount --propagation private "$0" inside
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
root=$work/root
node=0
cleanup() {
  ((node == 0)) || kill -9 "$node" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
say() { printf '   %s\n' "$*"; }
complain() { echo "server.sh: $*" >&2; [[ ! -f $work/node.log ]] || tail -n 20 "$work/node.log" >&2; exit 1; }
in_root() { chroot "$root" "$@"; }
user=(setpriv --reuid=nodedb-cluster --regid=nodedb-cluster --clear-groups)
as_node() { in_root "${user[@]}" "$@"; }
eventually() { # seconds, command…
  local end=$((SECONDS + $1))
  shift
  until "$@" >"$work/asked" 2>&1; do ((SECONDS < end)) || { cat "$work/asked" >&2; return 1; }; sleep 0.1; done
}
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    [[ -n $(ss -Htuln "sport = :$port") ]] || { echo "$port"; return; }
  done
}
redis() { redis-cli -p "$redis_port" --no-raw "$@"; }
holds() { [[ $(redis GET kept) == '"by all of them"' ]]; }

build_packages() { # revision
  tools/package "$1" >/dev/null
  mkdir "$work/$1"
  cp build/packages/*.deb "$work/$1"
}
judge() {
  # They are not uploaded to Debian's archive, so no bug of its is closed; and CPack calls ldconfig in scripts of
  # its own, beside the trigger.
  lintian --allow-root --fail-on error,warning \
    --suppress-tags initial-upload-closes-no-bugs,maintscript-calls-ldconfig "$work"/1/*.deb ||
    complain 'lintian has something to say'
  dpkg-deb -x "$work"/1/nodedb-cluster-server_*.deb "$work/unpacked"
  local unit=$work/nodedb-cluster.service
  sed "s:=/usr/bin/:=$work/unpacked/usr/bin/:" "$work/unpacked/usr/lib/systemd/system/nodedb-cluster.service" >"$unit"
  # It has something to say of this machine's units, too.
  systemd-analyze verify --man=no "$unit" 2>&1 | grep 'nodedb-cluster.service' && complain 'the unit does not do'
  systemd-analyze security --offline=true --threshold=20 --no-pager "$unit" >"$work/security" ||
    { cat "$work/security"; complain 'the unit is more exposed than it was'; }
}
make_root() { # with the first packages, as a user installs them
  mmdebstrap --quiet --variant=minbase --mode=root --include=systemd-sysv,dbus \
    --customize-hook="mkdir \"\$1/packages\"; cp $work/1/*.deb \"\$1/packages\"" \
    --customize-hook='chroot "$1" sh -c "apt-get -qq install --no-install-recommends /packages/*.deb"' \
    bookworm "$root" >"$work/root.log" 2>&1 || { tail -n 20 "$work/root.log" >&2; complain 'no root could be made'; }
}
configure() {
  local home=/var/lib/nodedb-cluster
  as_node nodedb-cluster cert ca --dir $home/ca >/dev/null
  as_node nodedb-cluster cert node --ca $home/ca --out $home/certs --host 127.0.0.1 >/dev/null
  as_node nodedb-cluster cert client --ca $home/ca --out $home/operator --name test >/dev/null
  redis_port=$(free_port)
  quic=127.0.0.1:$(free_port)
  sed -i -e "s/^listen = .*/listen = \"$quic\"/" -e "s/^client = .*/client = \"127.0.0.1:$redis_port\"/" \
    -e '$areplication_factor = 1' "$root/etc/nodedb-cluster/node.toml"
}
start() {
  # Each becomes the next, so the signals are the node's.
  chroot "$root" "${user[@]}" nodedb-cluster start --config /etc/nodedb-cluster/node.toml >>"$work/node.log" 2>&1 &
  node=$!
  eventually 30 redis PING || complain 'the node does not start'
}
stop() {
  kill -TERM "$node"
  wait "$node" || complain "the node has ended with $?"
  node=0
}

say 'two builds of the packages'
build_packages 1
build_packages 2
say 'lintian, systemd-analyze'
judge
say 'a project of somebody else, built against the packages'
dpkg-deb -x "$work"/1/libnodedb-cluster0_*.deb "$work/library"
dpkg-deb -x "$work"/1/libnodedb-cluster-dev_*.deb "$work/library"
tests/package/library.sh "$work/library/usr"
say 'a clean root with the first build'
make_root
[[ $(stat -c '%U %a' "$root/etc/nodedb-cluster/node.toml") == 'root 640' ]] || complain 'anybody may read the options'
configure
start
eventually 30 as_node nodedb-cluster init --certs /var/lib/nodedb-cluster/operator --node "$quic" || complain 'no init'
eventually 30 redis SET kept 'by all of them' || complain 'the node does not serve'
eventually 10 holds || complain 'nothing is written'
say 'upgraded while it runs'
cp "$work"/2/*.deb "$root/packages"
in_root sh -c 'dpkg --force-confold -i /packages/*-2_amd64.deb' >"$work/dpkg.log" 2>&1 || { cat "$work/dpkg.log"; exit 1; }
[[ $(in_root dpkg-query -W -f '${Version}' nodedb-cluster-server) == *-2 ]] || complain 'it is not upgraded'
holds || complain 'the upgrade has stopped the node'
stop
start
eventually 30 holds || complain 'the upgrade has lost data'
stop
say 'removed: data stays'
in_root dpkg -r nodedb-cluster-server >/dev/null
[[ ! -e $root/usr/bin/nodedb-cluster ]] || complain 'the binary stays'
[[ -e $root/var/lib/nodedb-cluster/data && -e $root/etc/nodedb-cluster/node.toml ]] || complain 'data went with the removal'
in_root sh -c 'dpkg -i /packages/nodedb-cluster-server_*-2_amd64.deb' >/dev/null 2>&1
start
eventually 30 holds || complain 'the removal has lost data'
stop
say 'as a service of a systemd'
tests/package/supervised.sh "$root" "$redis_port"
say 'purged: data is gone'
in_root dpkg -P nodedb-cluster-server libnodedb-cluster-dev libnodedb-cluster0 >/dev/null 2>&1
left=$(find "$root/var/lib" "$root/etc" "$root/usr" -path '*nodedb*' -not -path '*/dpkg/*' -not -path '*/apt/*')
[[ -z $left ]] || complain "left behind: $left"
