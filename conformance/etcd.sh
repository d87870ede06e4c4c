#!/usr/bin/env bash
# Debian's etcdctl against one running Kemudi (the jetcd program runs with the tests of etcd/).
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
start_kemudi "$work/data"
if "$here/etcd/run.sh" "$etcd"; then ok "etcdctl session"; else fail "etcdctl session"; fi
finish
