#!/usr/bin/env bash
# Kemudi's store beside Debian's etcd 3.4: the same load (EtcdLoad: closed loop, raw HTTP/2, a few microseconds a call), the same
# machine, in turn, fsync on both; server CPU from /proc/PID/stat. Prints the acceptance table as Markdown.
# Usage: conformance/compare-etcd.sh [--quick] [--large] [--write] [--only "puts gets …"]
#   --quick  one node, short lines (about 90 s)    --write  also writes docs/performance/store.md
#   --large  adds 12 GB of data (Kemudi only: etcd's documented limit is 8 GB)
# Installs nothing, listens on loopback, cleans up by process id.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=8 large= write= cluster=yes kills=20
lines="puts puts1 gets range count txns watch watchShared compaction"
while [ $# -gt 0 ]; do
  case $1 in
    --quick) seconds=1.5 cluster= lines="puts puts1 gets range count txns watch" ;;
    --large) large=1 ;;
    --write) write=1 ;;
    --single) cluster= ;;
    --kills) kills=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --only) lines=$2; shift ;;
    *) sed -n '2,8p' "$0" >&2; exit 2 ;;
  esac
  shift
done
peer=$(command -v etcd || true)
if [ -z "$peer" ]; then
  echo "compare-etcd: skipped, Debian's etcd-server is missing" >&2
  exit 77
fi
. ./.mvn/find-jdk.sh
base=${KEMUDI_COMPARE_PORT:-23790}
work=$(mktemp -d)
pids=()
gone() { # waits until process $1 is gone; after ten seconds it is not asked any more
  local tries=0
  while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -ne 50 ] || kill -9 "$1" 2>/dev/null || true
    sleep 0.2
  done
}
cleanup() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do gone "$pid"; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
mkdir "$work/classes"
"$JAVA_HOME/bin/javac" -d "$work/classes" conformance/src/test/java/dev/kemudi/conformance/{Load*,EtcdLoad}.java
load() { # load CLASS ARGUMENT…
  "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g -cp "$work/classes" "dev.kemudi.conformance.$1" "${@:2}"
}

own=${KEMUDI_ETCD:-$PWD/bin/etcd}
"$own" --version >/dev/null # builds what is to be built before anything is measured

wait_put() { # wait_put ENDPOINT PID SERVER: until it takes a write
  local tries=0
  until load LoadProbe put "$1" 2>/dev/null >/dev/null; do
    tries=$((tries + 1))
    if [ $tries -gt 60 ] || ! kill -0 "$2" 2>/dev/null; then
      echo "compare-etcd: $1 does not take a write" >&2
      tail -n 20 "$work/$3"*.log >&2
      return 1
    fi
    sleep 0.2
  done
}

member() { # member PROGRAM NAME-OF-SERVER NUMBER COUNT: starts one member; sets started
  local program=$1 server=$2 i=$3 count=$4 clients peers all= n
  for ((n = 0; n < count; n++)); do all="$all,m$n=http://127.0.0.1:$((base + 10 + n))"; done
  clients=http://127.0.0.1:$((base + i)) peers=http://127.0.0.1:$((base + 10 + i))
  printf '%s\n' "$program" --name "m$i" --data-dir "$work/$server-$count-$i" --listen-client-urls "$clients" \
    --advertise-client-urls "$clients" --listen-peer-urls "$peers" --initial-advertise-peer-urls "$peers" \
    --initial-cluster "${all#,}" --initial-cluster-state new >"$work/member-$i.args"
  mapfile -t command <"$work/member-$i.args"
  "${command[@]}" >>"$work/$server-$count-$i.log" 2>&1 &
  started=$!
  disown "$started" # its end is no news, and some are killed on purpose
  pids+=("$started")
}

start() { # start etcd|kemudi COUNT: sets servers (pids with commas) and endpoints
  local server=$1 count=$2 i
  servers= endpoints=
  for ((i = 0; i < count; i++)); do
    if [ "$server" = etcd ]; then
      member "$peer" etcd "$i" "$count"
    else
      member "$own" kemudi "$i" "$count"
    fi
    servers=$servers,$started endpoints=$endpoints,127.0.0.1:$((base + i))
  done
  servers=${servers#,} endpoints=${endpoints#,}
  for ((i = 0; i < count; i++)); do wait_put "127.0.0.1:$((base + i))" "${servers%%,*}" "$server" || return 1; done
}

stop() {
  local pid
  for pid in ${servers//,/ }; do kill "$pid" 2>/dev/null || true; done
  for pid in ${servers//,/ }; do gone "$pid"; done
  rm -rf "$work"/etcd-* "$work"/kemudi-*
}

resident() { # megabytes of all servers
  local sum=0 pid
  for pid in ${servers//,/ }; do
    sum=$((sum + $(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")))
  done
  echo $((sum / 1024))
}

machine="$(nproc) cores, load average at start $(cut -d' ' -f1-3 /proc/loadavg), $(date -u '+%Y-%m-%d %H:%M') UTC"
began=$(date +%s)
for server in etcd kemudi; do
  echo "compare-etcd: one node, $server…" >&2
  start $server 1 || exit 1
  # shellcheck disable=SC2086
  timeout 400 "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g -cp "$work/classes" dev.kemudi.conformance.EtcdLoad \
    "$seconds" "$endpoints" "$servers" $lines | sed 's/^/one./' >"$work/$server.lines" ||
    { echo "compare-etcd: the load on $server failed" >&2; tail -n 20 "$work"/*.log >&2; exit 1; }
  echo "one.resident $(resident)" >>"$work/$server.lines"
  stop
  [ -n "$cluster" ] || continue
  echo "compare-etcd: three nodes, $server…" >&2
  if ! start $server 3; then
    echo "compare-etcd: $server did not form a cluster of three: those lines are left out" >&2
    stop
    continue
  fi
  timeout 120 "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g -cp "$work/classes" dev.kemudi.conformance.EtcdLoad \
    "$seconds" "$endpoints" "$servers" puts puts1 gets | sed 's/^/three./' >>"$work/$server.lines" || true
  load LoadFailOver "$kills" "$endpoints" "$servers" "$work" | sed 's/^/three./' >>"$work/$server.lines" || true
  stop
done
if [ -n "$large" ]; then
  echo "compare-etcd: 12 GB, kemudi…" >&2
  server=kemudi
  start kemudi 1 || exit 1
  timeout 3600 "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g -cp "$work/classes" dev.kemudi.conformance.EtcdLoad \
    "$seconds" "$endpoints" "$servers" large >"$work/large.lines"
  size=$(resident)
  longest=$(awk '$1 == "compactionDuring" { print $5 }' "$work/large.lines")
  kill "$servers"
  while kill -0 "$servers" 2>/dev/null; do sleep 0.2; done
  from=$(date +%s%3N)
  member "$own" kemudi 0 1
  servers=$started
  until curl -sf "http://$endpoints/v3/kv/put" -d '{"key":"YQ==","value":"YQ=="}' >/dev/null; do # no JVM to start
    kill -0 "$servers" || exit 1
    sleep 0.02
  done
  reopened=$(awk -v ms=$(($(date +%s%3N) - from)) 'BEGIN { print ms / 1000 }')
  echo "large $size $reopened $longest" >>"$work/kemudi.lines"
  stop
fi

awk -v machine="$machine" -v took="$(($(date +%s) - began))" -v peer="$("$peer" --version | head -1)" \
  -f conformance/compare-etcd.awk "$work/etcd.lines" "$work/kemudi.lines" | tee "$work/table.md"
if [ -n "$write" ]; then
  mkdir -p docs/performance
  { cat "$work/table.md"; echo; sed -n '/^## Where the time goes/,$p' docs/performance/store.md 2>/dev/null; } >"$work/new.md"
  cp "$work/new.md" docs/performance/store.md
fi
