#!/usr/bin/env bash
# Mixed load on one server: puts, transactions, leases, locks, watches, HTTP, compaction; connections, watches and leases come and go.
# Heap after GC, threads, file descriptors and resident memory must stay flat; soak.awk judges:
#   conformance/soak.sh [MINUTES=5] [connections|watches|leases]    (60 is the long form; a planted leak must fail)
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/.mvn/find-jdk.sh"
. "$here/proofs.sh"
minutes=${1:-5}
leak=${2:-none}
work=$(mktemp -d)
load_pid= server_pid=
trap 'kill $load_pid $server_pid 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

# The judge first: a wobble of the usual size passes, a rise of 20 KB/s under that wobble does not.
samples() { awk -v rise="$1" 'BEGIN { for (t = 10; t <= 300; t += 10) print t, 30000 + rise * t + (t * 7919) % 900, 30 + t % 3, 20 + t % 4, 200000 + (t * 104729) % 6000 }'; }
samples 0 | awk -f "$here/soak.awk" >"$work/judge" || { echo "FAIL  the judge refuses what is flat"; cat "$work/judge"; exit 1; }
samples 20 | awk -f "$here/soak.awk" >"$work/judge" && { echo "FAIL  the judge takes a leak for flat"; cat "$work/judge"; exit 1; }

build_proofs || exit 1
port=$((20000 + $$ % 20000))
KEMUDI_BUILD=off "$root/bin/etcd" --name n1 --data-dir "$work/data" --listen-client-urls "http://127.0.0.1:$port" \
  --advertise-client-urls "http://127.0.0.1:$port" --listen-peer-urls "http://127.0.0.1:$((port + 1))" \
  --initial-advertise-peer-urls "http://127.0.0.1:$((port + 1))" --initial-cluster "n1=http://127.0.0.1:$((port + 1))" \
  >"$work/log" 2>&1 &
server_pid=$!
for _ in $(seq 1200); do
  grep -q 'ready to serve client requests' "$work/log" && break
  kill -0 "$server_pid" 2>/dev/null || { tail -n 20 "$work/log" >&2; exit 1; }
  sleep 0.1
done
seconds=$(awk "BEGIN { print int($minutes * 60) }")
"$JAVA_HOME/bin/java" $proof_flags -Xmx256m -cp "$proof_classes" dev.kemudi.conformance.testing.SoakRun "$port" "$seconds" 1 "${leak^^}" \
  >"$work/load" 2>&1 &
load_pid=$!
interval=$((seconds / 30 < 4 ? 4 : seconds / 30))
[ "$interval" -le 60 ] || interval=60
printf '%8s %10s %8s %6s %9s\n' seconds heapKB threads fds rssKB
began=$(date +%s)
while sleep "$interval" && kill -0 "$load_pid" 2>/dev/null; do
  # A histogram collects first and counts what is left at the same safepoint: what is alive, and nothing that came since.
  heap=$("$JAVA_HOME/bin/jcmd" "$server_pid" GC.class_histogram | awk '$1 == "Total" { print int($3 / 1024) }')
  [ -n "$heap" ] || { echo "FAIL  the server is gone"; tail -n 20 "$work/log"; exit 1; }
  threads=$(ls "/proc/$server_pid/task" | wc -l)
  fds=$(ls "/proc/$server_pid/fd" | wc -l)
  rss=$(awk '/VmRSS/ { print $2 }' "/proc/$server_pid/status")
  printf '%8d %10d %8d %6d %9d\n' $(($(date +%s) - began)) "$heap" "$threads" "$fds" "$rss" | tee -a "$work/samples"
done
wait "$load_pid" || { echo "FAIL  the load ended with an error"; tail -n 20 "$work/load"; exit 1; }
cat "$work/load"
grep -c . "$work/log" | sed 's/^/lines in the log of the server: /'
awk -f "$here/soak.awk" "$work/samples"
