#!/usr/bin/env bash
# etcd's own end-to-end tests (Debian's golang-etcd-server-dev, etcd 3.4) with bin/etcd in the place of etcd.
#   etcd-e2e.sh [REGEX]    tests whose names match; default TestCtlV3|TestV3 (199 tests; Debian's etcd passes 198)
#   etcd-e2e.sh --short    a sample for continuous integration
#   ETCD=/usr/bin/etcd etcd-e2e.sh …   the same with another etcd
# Prints one line a test and the counts; fails when a test fails that etcd-e2e/known does not name.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
suite=/usr/share/gocode/src/go.etcd.io/etcd/tests/e2e
short='^(TestCtlV3(Put|PutTimeout|Get|Del|TxnInteractiveSuccess|Watch|Compact|LeaseKeepAlive|LeaseGrantTimeToLive|Lock|Elect|MemberList|Version|EndpointHealth|AuthEnable|UserAdd|RoleAdd|AlarmTest|MakeMirror|SnapshotOK|DefragOnline)|TestV3CurlPutGetNoTLS)$'
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

# From the suite's own folder, because tests name fixtures relative to it.
(cd "$suite" && TMPDIR=$work/tmp "$test" -test.v -test.timeout 25m -test.run "$pattern" -bin-dir "$work/bin") >"$work/out" 2>&1
code=$?
[ -z "${E2E_LOG-}" ] || cp "$work/out" "$E2E_LOG"
while read -r verdict name seconds; do
  if [ "$verdict" = PASS ]; then
    passed=$((passed + 1))
  elif [ "$verdict" = SKIP ]; then
    skip "$name"
  elif grep -q "^$name " "$here/etcd-e2e/known"; then
    skip "$name: $(sed -n "s/^$name //p" "$here/etcd-e2e/known")"
  else
    fail "$name $seconds"
    sed -n "/^=== RUN  *$name\$/,/^--- /p" "$work/out" | grep -v '^=== \|^---' | head -n 4 | cut -c1-300 | sed 's/^/      /'
  fi
done < <(sed -n 's/^--- \(PASS\|FAIL\|SKIP\): \([^ ]*\) \(.*\)$/\1 \2 \3/p' "$work/out")
if [ $code != 0 ] && [ $failed = 0 ] && [ $skipped = 0 ]; then
  fail "the suite ended with code $code"
  tail -n 15 "$work/out" | cut -c1-300 | sed 's/^/      /'
fi
finish
