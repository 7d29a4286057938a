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
manager=0
source "$(dirname "$0")/machine.sh"
cleanup() {
  shut_down "$manager"
  remove_groups
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
in_it() { inside "$manager" "$@"; }
complain() { echo "supervised.sh: $*" >&2; in_it systemctl --no-pager status nodedb-cluster >&2 || true; exit 1; }
is() { # property, value
  [[ $(in_it systemctl show -P "$1" nodedb-cluster) == "$2" ]]
}
signal() { in_it systemctl kill "--signal=$1" nodedb-cluster; }

boot "$root" || complain 'systemd does not boot in a namespace here'
in_it systemctl start nodedb-cluster || complain 'it does not start'
is ActiveState active || complain 'it is not active'
eventually 30 is StatusText 'serves as node 1, leads 1024 of 1024 vShards' || complain 'its status is another'
[[ $(redis-cli -p "$redis_port" GET kept) == 'by all of them' ]] || complain 'it does not serve'
in_it systemctl reload nodedb-cluster || complain 'it is not reloaded'
signal KILL
eventually 30 is NRestarts 1 && eventually 30 is StatusText 'serves as node 1, leads 1024 of 1024 vShards' ||
  complain 'killed, it does not come back'

# Of a process that stands still the manager hears nothing.
in_it mkdir -p /run/systemd/system/nodedb-cluster.service.d
in_it sh -c 'printf "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n" >/run/systemd/system/nodedb-cluster.service.d/soon.conf'
in_it systemctl daemon-reload
in_it systemctl restart nodedb-cluster || complain 'it is not restarted'
signal STOP
eventually 30 is NRestarts 1 && eventually 30 is ActiveState active || complain 'nobody sees that it stands still'

in_it dpkg -r nodedb-cluster-server >/dev/null || complain 'it cannot be removed'
! redis-cli -p "$redis_port" PING >/dev/null 2>&1 || complain 'its removal leaves it running'
