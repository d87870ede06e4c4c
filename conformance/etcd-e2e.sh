#!/usr/bin/env bash
# etcd's own end-to-end tests (Debian's golang-etcd-server-dev, etcd 3.4) with bin/etcd in the place of etcd.
#   etcd-e2e.sh [REGEX]    tests whose names match; default TestCtlV3|TestV3 (199 tests; Debian's etcd passes 198)
#   etcd-e2e.sh --short    a sample for continuous integration
#   ETCD=/usr/bin/etcd etcd-e2e.sh …   the same with another etcd
# Prints one line a test and the counts; fails when a test fails that etcd-e2e/known does not name. E2E_LOG=FILE keeps all output.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
known=$here/etcd-e2e/known
suite=/usr/share/gocode/src/go.etcd.io/etcd/tests/e2e
short='^(TestCtlV3(Put|Get|Del|TxnInteractiveSuccess|Watch|Compact|LeaseKeepAlive|Lock|Elect|MemberAddClientTLS|Version|AuthEnable|AuthTxn|AuthCertCN|RoleGrant|Alarm|MakeMirror|Snapshot|Defrag|MoveLeaderScenarios|EndpointHashKV)|TestV3Curl(PutGetNoTLS|Auth))$'
pattern=${1:-'^(TestCtlV3|TestV3)'}
[ "$pattern" != --short ] || pattern=$short

for need in etcdctl go "$suite"; do
  if ! command -v "$need" >/dev/null 2>&1 && [ ! -e "$need" ]; then
    skip "etcd's end-to-end tests: $need is missing; apt-get install etcd-client golang-go golang-etcd-server-dev"
    finish
    exit
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$tools" "$work/bin" "$work/tmp"
test=$tools/etcd-e2e.test
if [ ! -x "$test" ] || [ "$suite/util.go" -nt "$test" ]; then
  (cd "$work" && GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' go test -c -o "$test" go.etcd.io/etcd/tests/e2e) || exit 1
fi
ln -s "$(command -v etcdctl)" "$work/bin/etcdctl"
if [ -n "${ETCD-}" ]; then
  ln -s "$ETCD" "$work/bin/etcd"
else
  # Built once, here: two hundred starts need not look for changed sources, and none gains from the optimising compiler.
  export KEMUDI_JAVA_OPTS="${KEMUDI_JAVA_OPTS--XX:TieredStopAtLevel=1}"
  "$root/bin/etcd" --version >/dev/null || exit 1
  export KEMUDI_BUILD=off
  ln -s "$root/bin/etcd" "$work/bin/etcd"
fi


# From the suite's own folder, because tests name fixtures relative to it; each on its own, because one that runs out of time
# takes the whole test process with it.
E2E_LOG=$(realpath -m "${E2E_LOG:-$work/log}")
: >"$E2E_LOG"
cd "$suite"

gone() { ! pgrep -f -- "--data-dir $work/tmp" >/dev/null; } # whoever works in this run's folder is this run's
for name in $("$test" -test.list "$pattern" -bin-dir "$work/bin" | grep '^Test'); do
  began=$(date +%s%3N)
  TMPDIR=$work/tmp "$test" -test.v -test.timeout 120s -test.run "^$name\$" -bin-dir "$work/bin" >"$work/out" 2>&1
  code=$?
  took="($(($(date +%s%3N) - began)) ms)"
  printf '%s %s code %s\n' "=====" "$name" "$code" >>"$E2E_LOG"
  cat "$work/out" >>"$E2E_LOG"
  if ! eventually 5 gone; then
    pgrep -f -- "--data-dir $work/tmp" | xargs -r kill -9
    eventually 5 gone
  fi
  rm -rf "$work/tmp"/*
  if [ $code = 0 ] && grep -q '^--- SKIP' "$work/out"; then
    skip "$name"
  elif [ $code = 0 ]; then
    ok "$name $took"
  elif grep -q "^$name " "$known"; then
    skip "$name: $(sed -n "s/^$name //p" "$known")"
  else
    fail "$name $took"
    grep -a '_test.go:\|util.go:\|panic: \|timed out' "$work/out" | head -n 4 | cut -c1-400 | sed 's/^ */      /'
  fi
done
finish
