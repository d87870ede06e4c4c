#!/usr/bin/env bash
# Mixed load on one server; heap after GC, threads and file descriptors must stay flat:
#   conformance/soak.sh [MINUTES=2]      (60 is the long form)
# The first third warms up. Fails when the mean of the last third is above that of the second by more than what one sample
# may wobble: 10 % + 3 MB of heap, 4 threads, 8 descriptors.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/.mvn/find-jdk.sh"
. "$here/proofs.sh"
minutes=${1:-2}
work=$(mktemp -d)
load_pid= server_pid=
trap 'kill $load_pid $server_pid 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
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
"$JAVA_HOME/bin/java" $proof_flags -Xmx256m -cp "$proof_classes" dev.kemudi.conformance.testing.SoakRun "$port" "$seconds" 1 >"$work/load" &
load_pid=$!
interval=$((seconds / 24 < 4 ? 4 : seconds / 24))
[ "$interval" -le 60 ] || interval=60
printf '%8s %10s %8s %6s %9s\n' seconds heapKB threads fds rssKB
began=$(date +%s)
while kill -0 "$load_pid" 2>/dev/null; do
  sleep "$interval"
  kill -0 "$load_pid" 2>/dev/null || break
  "$JAVA_HOME/bin/jcmd" "$server_pid" GC.run >/dev/null || { echo "FAIL  the server is gone"; tail -n 20 "$work/log"; exit 1; }
  heap=$("$JAVA_HOME/bin/jcmd" "$server_pid" GC.heap_info | grep -oE '(generation|heap) .*used [0-9]+K' | grep -v 'Metaspace' |
    sed -E 's/.*used ([0-9]+)K/\1/' | paste -sd+ | bc)
  threads=$(ls "/proc/$server_pid/task" | wc -l)
  fds=$(ls "/proc/$server_pid/fd" | wc -l)
  rss=$(awk '/VmRSS/ { print $2 }' "/proc/$server_pid/status")
  printf '%8d %10d %8d %6d %9d\n' $(($(date +%s) - began)) "$heap" "$threads" "$fds" "$rss" | tee -a "$work/samples"
done
wait "$load_pid" || { echo "FAIL  the load ended with an error"; exit 1; }
cat "$work/load"
awk '
  { heap[NR] = $2; threads[NR] = $3; fds[NR] = $4 }
  function mean(a, from, to,   i, sum) { for (i = from; i <= to; i++) sum += a[i]; return sum / (to - from + 1) }
  function flat(name, a, slack,   early, late) {
    early = mean(a, int(NR / 3) + 1, int(2 * NR / 3)); late = mean(a, int(2 * NR / 3) + 1, NR)
    printf "%s %s: %.0f in the second third, %.0f in the last\n", late <= early + slack ? "ok   " : "FAIL ", name, early, late
    if (late > early + slack) bad = 1
  }
  END {
    if (NR < 6) { print "FAIL  only " NR " samples"; exit 1 }
    flat("heap after GC, KB", heap, 3072 + 0.1 * mean(heap, int(NR / 3) + 1, int(2 * NR / 3)))
    flat("threads", threads, 4); flat("file descriptors", fds, 8)
    exit bad
  }' "$work/samples"
