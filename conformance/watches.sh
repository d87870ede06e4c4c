#!/usr/bin/env bash
# Idle watches over HTTP/2 against the whole process: conformance/watches.sh [WATCHES=2000]; 10000 is the long form.
# Prints what a watch costs and how long one event takes to reach them all.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
watches=${1:-2000}
work=$(mktemp -d)
trap 'kill "${client_pid-}" 2>/dev/null; stop_kemudi >/dev/null 2>&1; rm -rf "$work" "$work"*' EXIT
. "$root/.mvn/find-jdk.sh"

resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$kemudi_pid/status"; }
heap_kib() { # after a collection: what is in use, not what is reserved
  "$JAVA_HOME/bin/jcmd" "$kemudi_pid" GC.run >/dev/null
  "$JAVA_HOME/bin/jcmd" "$kemudi_pid" GC.heap_info | grep -E 'def new|tenured|DefNew|Tenured' | grep -oE 'used [0-9]+K' | grep -oE '[0-9]+' | paste -sd+ | bc
}
said() { tail -1 "$work/said"; }
heard() { echo >&3; sleep 0.2; said | grep -oE '[0-9]+ heard' | cut -d' ' -f1; }
announce() {
  curl -fsS --cacert "$data/pki/ca.crt" -H "Authorization: Bearer $(cat "$data/pki/admin.token")" -H 'Content-Type: application/json' \
    -d "{\"metadata\":{\"name\":\"$1\"}}" "https://$api/api/v1/namespaces/default/configmaps" >/dev/null
}

start_kemudi "$work/data"
announce warm
heap_before=$(heap_kib) resident_before=$(resident_kib)
mkfifo "$work/ask"
"$JAVA_HOME/bin/java" -Xmx1500m -Dlogback.configurationFile="$here/src/test/resources/logback-test.xml" -cp "$root/server/target/lib/*" \
  "$root/apiserver/src/test/java/dev/kemudi/apiserver/IdleWatches.java" "$data" "${api##*:}" "$watches" <"$work/ask" >"$work/said" 2>&1 &
client_pid=$!
exec 3>"$work/ask"
open() { grep -q "^$watches open" "$work/said" || ! kill -0 "$client_pid"; }
at=$(date +%s%3N)
if eventually 120 open && kill -0 "$client_pid" 2>/dev/null; then
  ok "$watches watches are open after $(($(date +%s%3N) - at)) ms"
  heap=$(heap_kib) resident=$(resident_kib)
  echo "      a watch costs $(((heap - heap_before) * 1024 / watches)) bytes of heap; resident memory $resident_before KiB, now $resident KiB"
  # A guard against growth, set above what was measured first (31 KiB, TLS and HTTP/2 connection state included).
[ "$(((heap - heap_before) * 1024 / watches))" -le 40960 ] && ok "a watch costs at most 40 KiB of heap" || fail "a watch costs more than 40 KiB of heap"
[ -z "${HISTOGRAM-}" ] || "$JAVA_HOME/bin/jcmd" "$kemudi_pid" GC.class_histogram | head -n 25
  before=$(heard)
  at=$(date +%s%3N)
  announce one || fail "an event while all watch"
  all_heard() { [ "$(heard)" -ge "$((before + watches))" ]; }
  eventually 60 all_heard && ok "one event reached all within $(($(date +%s%3N) - at)) ms (asked every 0.2 s)" || fail "one event: $before heard before, $(heard) after"
  check "and others are still served" announce two
else
  fail "only $(said)"
  head -n 10 "$work/said"
fi
exec 3>&-
kill "$client_pid" && wait "$client_pid" 2>/dev/null
stop_kemudi && ok "stop: exit 0" || fail "stop: exit $?"
finish
