#!/usr/bin/env bash
# A program on Go's own client (clientv3 of Debian's golang-etcd-server-dev) against bin/etcd: one server, one with certificates
# and accounts, three members of which the leader is killed. Built offline; conformance/go-client/ has the checks.
#   go-client.sh                      ETCD=/usr/bin/etcd go-client.sh: the same with another etcd, which proves the program
set -uo pipefail
. "$(dirname "$0")/lib.sh"
source=/usr/share/gocode/src/go.etcd.io/etcd/clientv3
for need in go "$source"; do
  if ! command -v "$need" >/dev/null 2>&1 && [ ! -e "$need" ]; then
    skip "a program on Go's client: $need is missing; apt-get install golang-go golang-etcd-server-dev"
    finish
    exit
  fi
done

work=$(mktemp -d)
trap '[ -z "${program-}" ] || kill "$program" 2>/dev/null; servers | xargs -r kill -9; rm -rf "$work"' EXIT
servers() { pgrep -f -- "--data-dir $work/"; } # whoever works in this run's folder is this run's
mkdir -p "$tools"
client=$tools/go-client
if [ ! -x "$client" ] || [ -n "$(find "$here/go-client" "$source" -name '*.go' -newer "$client" | head -1)" ]; then
  (cd "$here/go-client" && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' go build -o "$client" .) || exit 1
fi
server=${ETCD-$root/bin/etcd}
if [ -z "${ETCD-}" ]; then
  export KEMUDI_JAVA_OPTS="${KEMUDI_JAVA_OPTS--XX:TieredStopAtLevel=1}"
  "$server" --version >/dev/null || exit 1
  export KEMUDI_BUILD=off
fi

"$client" -etcd "$server" -dir "$work" >"$work/out" 2>"$work/said" &
program=$!
wait "$program"
code=$?
program=
while IFS= read -r line; do
  case $line in
    'ok    '*) ok "${line#ok    }" ;;
    'FAIL  '*) fail "${line#FAIL  }" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$work/out"
if [ "$failed" = 0 ] && { [ "$code" != 0 ] || [ "$passed" -lt 30 ]; }; then
  fail "the program ended with $code after $passed checks"
  tail -n 20 "$work/said"
fi
for name in $([ "$failed" = 0 ] || ls "$work" | grep '\.log$'); do # what the servers said, where something failed
  printf '      %s: %s\n' "$name" "$(tail -n 3 "$work/$name" | cut -c1-300)"
done
finish
