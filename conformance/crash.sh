#!/usr/bin/env bash
# kill -9 of the whole process at random points during writes: conformance/crash.sh [ROUNDS=12]; 200 is the long form.
# Nothing acknowledged may be lost, nothing torn served, revisions never go back; running pods are adopted or restarted.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
rounds=${1:-12}
work=$(mktemp -d)
trap 'kill -9 "${kemudi_pid-}" 2>/dev/null; pod_pids | xargs -r kill -9 2>/dev/null; rm -rf "$work" "$work"*' EXIT
pod_pids() { grep -lza "^KEMUDI_ROOT=$work" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
client() { timeout 120 python3 "$here/crash/client.py" "$1" "$work/$2.notes" "$api" "$kubeconfig" "$etcd"; }

write_and_kill() { # write_and_kill NAME: the writers end by themselves when the server is gone
  client write "$1" &
  local writer=$!
  sleep "$(awk "BEGIN { print 0.3 + $RANDOM / 32768 }")"
  kill -9 "$kemudi_pid"
  wait "$kemudi_pid" 2>/dev/null
  wait "$writer" || fail "the writers did not end"
}

lost=0
for round in $(seq "$rounds"); do
  start_kemudi "$work/data"
  if ! out=$(client check data 2>&1); then
    lost=$((lost + 1))
    fail "round $round"
    printf '%s\n' "$out" | tail -n 8 | sed 's/^/      /'
  fi
  write_and_kill data
done
start_kemudi "$work/data"
check "after $rounds kills all that was acknowledged is there" client check data
client check data | sed 's/^/      /'
[ "$lost" = 0 ] && ok "and so it was after each of them" || fail "$lost rounds lost something"
stop_kemudi && ok "the last of them stops with exit 0" || fail "the last stop"

# With pods: what ran is adopted or started again, never twice, and a stop leaves none.
answers() { curl -fsS --max-time 2 "http://$gateway/" | grep -q 'Hello from Kemudi'; }
three() { [ "$(pod_pids | wc -l)" = 3 ]; }
start_kemudi "$work/hello" "$root/examples/hello"
for round in 1 2; do
  before=$(pod_pids | sort | tr '\n' ' ')
  write_and_kill hello
  start_kemudi "$work/hello"
  check "round $round with pods: nothing acknowledged is lost" client check hello
  check "round $round with pods: the page is served again" eventually 15 answers
  check "round $round with pods: three processes, no more" eventually 15 three
  echo "      processes before: $before after: $(pod_pids | sort | tr '\n' ' ')"
done
stop_kemudi && ok "stop: exit 0" || fail "stop: exit $?"
[ -z "$(pod_pids)" ] && ok "no process is left" || fail "left: $(pod_pids | tr '\n' ' ')"
finish
