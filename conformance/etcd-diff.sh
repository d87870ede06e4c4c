#!/usr/bin/env bash
# One scripted session against Debian's etcd and against Kemudi, answers compared field by field:
#   conformance/etcd-diff.sh [SESSION…]      (default: every file conformance/etcd-diff/*.session, in their order)
# Differences that are meant are listed with their reason in conformance/etcd-diff/known; any other one fails.
# With --ours SERVER another server than bin/etcd is compared; --ours /usr/bin/etcd must find no difference at all.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/.mvn/find-jdk.sh"
. "$here/proofs.sh"
ours=$root/bin/etcd
[ "${1-}" != --ours ] || { ours=$2 && shift 2; }
sessions=("$@")
[ ${#sessions[@]} -gt 0 ] || sessions=("$here"/etcd-diff/*.session)
command -v etcd >/dev/null && command -v etcdctl >/dev/null || { echo "etcd-diff: needs Debian's etcd-server and etcd-client" >&2; exit 1; }
work=$(mktemp -d)
trap 'kill "${etcd_pid-}" "${ours_pid-}" 2>/dev/null; wait 2>/dev/null; [ -n "${KEMUDI_KEEP-}" ] || rm -rf "$work"' EXIT
port=$((20000 + $$ % 20000))

start() { # start SERVER NAME PORT: leaves the pid in started
  "$1" --name n1 --data-dir "$work/$2" --listen-client-urls "http://127.0.0.1:$3" --advertise-client-urls "http://127.0.0.1:$3" \
    --listen-peer-urls "http://127.0.0.1:$(($3 + 1))" --initial-advertise-peer-urls "http://127.0.0.1:$(($3 + 1))" \
    --initial-cluster "n1=http://127.0.0.1:$(($3 + 1))" >"$work/$2.log" 2>&1 &
  started=$!
  for _ in $(seq 600); do
    ETCDCTL_API=3 etcdctl --endpoints="127.0.0.1:$3" --dial-timeout=1s get ready >/dev/null 2>&1 && return 0
    kill -0 "$started" 2>/dev/null || break
    sleep 0.1
  done
  echo "etcd-diff: $1 did not start:" >&2
  tail -n 20 "$work/$2.log" >&2
  return 1
}

build_proofs || exit 1
start /usr/bin/etcd etcd $port && etcd_pid=$started || exit 1
KEMUDI_BUILD=off start "$ours" ours $((port + 2)) && ours_pid=$started || exit 1
"$JAVA_HOME/bin/java" $proof_flags -cp "$proof_classes" dev.kemudi.conformance.testing.ReplayDiff \
  "127.0.0.1:$port" "127.0.0.1:$((port + 2))" etcdctl "$here/etcd-diff/known" "${sessions[@]}"
