#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An installed and configured node as the service that it is: boots the root's systemd in namespaces of its own (the
# network excepted) and looks at what it does with the node. Needs root and cgroup2.
# Usage: supervised.sh ROOT REDIS_PORT
set -euo pipefail
[[ ${1:-} == inside ]] || exec unshare --mount --propagation private "$0" inside "$@"
root=$2
redis_port=$3
work=$(mktemp -d)
groups=$work/groups
manager=0
cleanup() {
  # The first process of a namespace takes all others with it.
  ((manager == 0)) || kill -9 "$manager" 2>/dev/null || true
  for _ in {1..50}; do
    find "$groups/nodedb-test-$$" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [[ -d $groups/nodedb-test-$$ ]] || break
    sleep 0.1
  done
  umount "$groups" 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
complain() { echo "supervised.sh: $*" >&2; inside systemctl --no-pager status nodedb-cluster >&2 || true; exit 1; }
inside() { nsenter -t "$manager" -m -p -u -i -C -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
is() { # property, value
  [[ $(inside systemctl show -P "$1" nodedb-cluster) == "$2" ]]
}
eventually() { # seconds, command…
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}
signal() { inside systemctl kill "--signal=$1" nodedb-cluster; }

boot() {
  mkdir "$groups"
  mount -t cgroup2 cgroup2 "$groups"
  mkdir "$groups/nodedb-test-$$"
  cat >"$work/init" <<'INIT'
set -e
echo $$ >"$1/cgroup.procs"
exec unshare --pid --mount --uts --ipc --cgroup --fork --kill-child --propagation private bash -ec '
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc proc
  mount --bind proc/sys proc/sys
  mount -o remount,ro,bind proc/sys
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=755 tmpfs dev
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  for device in null zero full random urandom tty; do
    touch dev/$device
    mount --bind /dev/$device dev/$device
  done
  mkdir -p old
  pivot_root . old
  umount -l /old
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=no' init "$2"
INIT
  bash "$work/init" "$groups/nodedb-test-$$" "$root" >"$work/boot" 2>&1 &
  local outer=$!
  eventually 20 pgrep -P "$outer" || { cat "$work/boot" >&2; return 1; }
  manager=$(pgrep -P "$outer")
  eventually 30 inside systemctl is-system-running --quiet || { cat "$work/boot" >&2; return 1; }
}

boot || complain 'systemd does not boot in a namespace here'
inside systemctl start nodedb-cluster || complain 'it does not start'
is ActiveState active || complain 'it is not active'
eventually 30 is StatusText 'serves as node 1, leads 1024 of 1024 vShards' || complain 'its status is another'
[[ $(redis-cli -p "$redis_port" GET kept) == 'by all of them' ]] || complain 'it does not serve'
inside systemctl reload nodedb-cluster || complain 'it is not reloaded'
signal KILL
eventually 30 is NRestarts 1 && eventually 30 is StatusText 'serves as node 1, leads 1024 of 1024 vShards' ||
  complain 'killed, it does not come back'

# Of a process that stands still the manager hears nothing.
inside mkdir -p /run/systemd/system/nodedb-cluster.service.d
inside sh -c 'printf "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n" >/run/systemd/system/nodedb-cluster.service.d/soon.conf'
inside systemctl daemon-reload
inside systemctl restart nodedb-cluster || complain 'it is not restarted'
signal STOP
eventually 30 is NRestarts 1 && eventually 30 is ActiveState active || complain 'nobody sees that it stands still'

inside dpkg -r nodedb-cluster-server >/dev/null || complain 'it cannot be removed'
! redis-cli -p "$redis_port" PING >/dev/null 2>&1 || complain 'its removal leaves it running'
