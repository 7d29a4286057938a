#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the API reference out of the public headers, and proves that one name without words would fail it.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools/reference "$work/reference" >/dev/null
cp -r docs include tools "$work"
sed -i '/^  void stop();/a\  void unexplained();' "$work/include/nodedb/cluster/node.h"
if said=$("$work/tools/reference" "$work/again" 2>&1); then
  echo 'reference.sh: a public name without words goes unnoticed' >&2
  exit 1
fi
grep -q 'unexplained.*is not documented' <<<"$said" || { echo "$said" >&2; exit 1; }
