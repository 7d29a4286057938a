# SPDX-License-Identifier: Apache-2.0
# Machines made of a root and its own systemd, in namespaces. To be sourced, by root, with cgroup2 and `work` (a
# directory).
#   boot ROOT [OPTION…]   with more options of unshare; $manager is then the machine's first process
#   inside MANAGER WORD…  runs a command in it
#   shut_down MANAGER…    at once, as by the plug
#   remove_groups         once all of them are shut down

eventually() { # seconds, command…
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}
inside() {
  local manager=$1
  shift
  nsenter -t "$manager" -m -p -u -i -n -C -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
boot() {
  local root=$1 group outer
  shift
  if [[ ! -d $work/groups ]]; then
    mkdir "$work/groups"
    mount -t cgroup2 cgroup2 "$work/groups"
  fi
  group=$(mktemp -d "$work/groups/nodedb-test-XXXXXX")
  cat >"$work/init" <<'INIT'
set -e
echo $$ >"$1/cgroup.procs"
root=$2
shift 2
exec unshare --pid --mount --uts --ipc --cgroup "$@" --fork --kill-child --propagation private bash -ec '
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
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=no' init "$root"
INIT
  bash "$work/init" "$group" "$root" "$@" >"$work/boot" 2>&1 &
  outer=$!
  eventually 20 pgrep -P "$outer" || { cat "$work/boot" >&2; return 1; }
  manager=$(pgrep -P "$outer")
  eventually 60 inside "$manager" systemctl is-system-running --quiet || { cat "$work/boot" >&2; return 1; }
}
shut_down() {
  # The first process of a namespace takes all others with it.
  local one
  for one in "$@"; do ((one == 0)) || kill -9 "$one" 2>/dev/null || true; done
}
remove_groups() {
  for _ in {1..50}; do
    find "$work/groups" -depth -type d -path '*nodedb-test-*' -exec rmdir {} + 2>/dev/null || true
    compgen -G "$work/groups/nodedb-test-*" >/dev/null || break
    sleep 0.1
  done
  umount "$work/groups" 2>/dev/null || true
}
