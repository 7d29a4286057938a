#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/first-hour.md as it stands, on four machines: clean Debian roots with their own systemd and network, joined by
# a bridge. Each block of the page is run where it says; what the dashboard says is believed. Needs root, cgroup2, and
# a Debian mirror for the roots.
# Usage: newcomer.sh
set -euo pipefail
# Mounts end with this.
[[ ${1:-} == inside ]] || exec unshare --mount --propagation private "$0" inside
cd "$(dirname "$0")/../.."

page=docs/first-hour.md
work=$(mktemp -d)
managers=(0 0 0 0 0)
switch=0  # a process whose network is that between the machines
source tests/package/machine.sh
cleanup() {
  shut_down "${managers[@]}" "$switch"
  remove_groups
  umount "$work"/[1-4]/root 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap cleanup EXIT
say() { printf '   %s\n' "$*"; }
complain() {
  echo "newcomer.sh: $*" >&2
  tail -n 20 "$work/said" >&2 || true
  exit 1
}
on() { # machine, word…
  local machine=$1
  shift
  inside "${managers[machine]}" "$@"
}

# --- the page ---

# Its blocks: $work/blocks/NN holds the commands, $work/blocks/NN.where what stands behind ```sh.
read_page() {
  mkdir "$work/blocks"
  awk -v to="$work/blocks" '
    /^```sh / { file = sprintf("%s/%02d", to, ++count); print substr($0, 7) >(file ".where"); next }
    /^```/ { file = "" }
    file != "" { print >file }' "$page"
}
# As in one shell of root's.
setting='cd /root; export NODEDB_CERTS=/root/operator NODEDB_NODE=10.0.0.1:7000'
run_block() { # machine, file
  { echo "$setting"; echo "TOKEN=${token:-}"; sed "s/^n=1\$/n=$1/" "$2"; } >"$work/commands"
  on "$1" bash -euo pipefail -s <"$work/commands" >"$work/said" 2>&1 || complain "on machine $1: $(<"$2")"
}
run_page_until() { # the block before which to stop: a pattern of its commands
  local where machine
  while ((next <= blocks)); do
    local file
    file=$(printf '%s/blocks/%02d' "$work" "$next")
    ! grep -qE "$1" "$file" || return 0
    where=$(<"$file.where")
    next=$((next + 1))
    say "$where: $(head -c 90 <"$file" | tr '\n' ' ')"
    case $where in
      each) for machine in 1 2 3 4; do run_block "$machine" "$file"; done ;;
      founders) for machine in 1 2 3; do run_block "$machine" "$file"; done ;;
      first*) run_block 1 "$file" ;;
      second) run_block 2 "$file" ;;
      fourth) run_block 4 "$file" ;;
      *) complain "$page: nobody knows where '$where' is" ;;
    esac
  done
}

# --- the machines ---

make_roots() {
  tools/package 1 >/dev/null
  local package needs
  package=$(echo build/packages/nodedb-cluster-server_*.deb)
  # What a machine that can reach its mirror would fetch.
  needs=$(dpkg-deb -f "$package" Depends | sed 's/ *([^)]*)//g; s/ *| *[^,]*//g; s/, */,/g')
  mmdebstrap --quiet --variant=minbase --mode=root --include="systemd-sysv,dbus,redis-tools,$needs" \
    bookworm "$work/clean" >"$work/said" 2>&1 || complain 'no root could be made'
  cp "$package" "$work/clean/root"
  local n
  for n in 1 2 3 4; do
    mkdir -p "$work/$n/"{root,upper,work}
    mount -t overlay overlay -o "lowerdir=$work/clean,upperdir=$work/$n/upper,workdir=$work/$n/work" "$work/$n/root"
    echo "machine-$n" >"$work/$n/root/etc/hostname"
  done
}
plug_in() { # machine
  between ip link add "wire$1" type veth peer name eth0 netns "${managers[$1]}"
  between ip link set "wire$1" master switch up
  nsenter -t "${managers[$1]}" -n ip link set lo up
  nsenter -t "${managers[$1]}" -n ip address add "10.0.0.$1/24" dev eth0
  nsenter -t "${managers[$1]}" -n ip link set eth0 up
}
has_a_network_of_its_own() { [[ $(readlink "/proc/$1/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }
between() { nsenter -t "$switch" -n "$@"; }
start_machines() {
  sync  # the roots' files are not to be in the way of the nodes' own
  unshare --net sleep infinity &
  switch=$!
  eventually 10 has_a_network_of_its_own "$switch" || complain 'no network can be made'
  between ip link add switch type bridge || complain 'no bridge can be made'
  between ip link set switch up
  local n
  for n in 1 2 3 4; do
    boot "$work/$n/root" --net || complain "machine $n does not boot"
    managers[n]=$manager
    plug_in "$n"
  done
}

# --- what a person sees ---

# In Chromium, at that machine: the page, until it says so; its text is then in $work/page.
page_says() { # seconds, machine, text
  nsenter -t "${managers[$2]}" -n build/release/dashboard_look http://127.0.0.1:7080/ "$1" "$3" \
    >"$work/page" 2>"$work/said" || complain "the page does not say '$3', but: $(<"$work/page")"
}
well='All is well: 3 nodes, and each of 1,024 vShards has its leader'

say 'a package, and four clean machines'
make_roots
start_machines
read_page
blocks=$(find "$work/blocks" -name '??' | wc -l)
next=1
token=

run_page_until '^n=1'
# By scp, the page says.
for n in 2 3; do cp -a "$work/1/root/root/certs-$n" "$work/$n/root/root/"; done
run_page_until 'token create'
[[ $(on 2 redis-cli get greeting) == hello ]] || complain 'what was written is not read elsewhere'
page_says 60 1 "$well"
keys=$(on 1 redis-cli dbsize)
run_page_until '\$TOKEN'
token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$work/said")
[[ -n $token ]] || complain 'no token is made'
run_page_until 'decommission'
page_says 90 2 'All is well: 4 nodes'
say 'machine 3 loses its power'
shut_down "${managers[3]}"
managers[3]=0
page_says 60 1 'Node 3 (10.0.0.3:7000) has been down'
named=$(sed -n '/decommission/{p;q}' "$(printf '%s/blocks/%02d' "$work" "$next")")
grep -qF "$named" "$work/page" || complain "the page does not name the command: $named"
run_page_until 'no such block'
page_says 60 1 "$well"
[[ $(on 2 redis-cli dbsize) == "$keys" ]] || complain 'keys are missing'
say "all is well again, with $keys keys"
