#!/bin/sh
# CPU per request of Kemudi's gateway against HAProxy's (nginx as a third): same back end (nginx, 60 bytes), same load
# (wrk, 64 keep-alive connections), one worker each, measured in turn and more than once from /proc/PID/stat.
# Usage: conformance/compare-gateway.sh [--quick] [io_uring|epoll|nio]   Installs nothing; cleans up by process id.
set -eu
cd "$(dirname "$0")/.."
rounds=3 window=8 warm=20
transport=
for arg in "$@"; do
  case $arg in
    --quick) rounds=2 window=4 warm=12 ;;
    io_uring | epoll | nio) transport=$arg ;;
    *) echo "usage: $0 [--quick] [io_uring|epoll|nio]" >&2; exit 2 ;;
  esac
done
missing=
for program in nginx haproxy wrk; do
  command -v $program >/dev/null 2>&1 || [ -x /usr/sbin/$program ] || missing="$missing $program"
done
if [ -n "$missing" ]; then
  echo "compare-gateway: skipped, these Debian packages are missing:$missing" >&2
  exit 77
fi
PATH=$PATH:/usr/sbin
. ./.mvn/find-jdk.sh
backend_port=${KEMUDI_COMPARE_PORT:-18090}
nginx_port=$((backend_port + 1)) haproxy_port=$((backend_port + 2)) kemudi_port=$((backend_port + 3))
work=$(mktemp -d)
pids=
cleanup() {
  trap - EXIT INT TERM
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for pid in $pids; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The class path of the gateway's tests; built only when it is not there yet.
if [ ! -d gateway/target/test-classes/dev/kemudi/gateway ] || [ ! -s gateway/target/test.classpath ]; then
  ./mvnw -q -B -pl gateway -am process-test-classes
fi
class_path=gateway/target/classes:gateway/target/test-classes:$(cat gateway/target/test.classpath)

nginx_conf() { # $1 file, $2 body of the server block, $3 what stands before it
  cat >"$1" <<CONF
worker_processes 1; daemon off; master_process off; pid $1.pid; error_log stderr crit;
events { worker_connections 2048; }
http { access_log off; keepalive_requests 1000000000; keepalive_timeout 75s; client_body_temp_path $work/b;
  proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  $3 server { $2 } }
CONF
}
body=0123456789012345678901234567890123456789012345678901234567890
nginx_conf "$work/backend.conf" \
  "listen 127.0.0.1:$backend_port backlog=4096; location / { default_type text/plain; return 200 '${body%0}'; }" ""
nginx_conf "$work/nginx.conf" "listen 127.0.0.1:$nginx_port backlog=4096;
  location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ''; }" \
  "upstream up { server 127.0.0.1:$backend_port; keepalive 128; keepalive_requests 1000000000; }"
cat >"$work/haproxy.cfg" <<CONF
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  option forwardfor
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:$haproxy_port
  default_backend back
backend back
  server s1 127.0.0.1:$backend_port
CONF
nginx -c "$work/backend.conf" -p "$work" 2>"$work/backend.log" & pids="$pids $!"
nginx -c "$work/nginx.conf" -p "$work" 2>"$work/nginx.log" & nginx_pid=$!; pids="$pids $nginx_pid"
haproxy -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 & haproxy_pid=$!; pids="$pids $haproxy_pid"
"$JAVA_HOME/bin/java" -Xms128m -Xmx128m -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
  --sun-misc-unsafe-memory-access=allow -cp "$class_path" dev.kemudi.gateway.Standalone \
  "$kemudi_port" "$backend_port" $transport >"$work/kemudi.log" 2>&1 & kemudi_pid=$!; pids="$pids $kemudi_pid"

for port in $backend_port $nginx_port $haproxy_port $kemudi_port; do
  tries=0
  until curl -fs -o /dev/null "http://127.0.0.1:$port/"; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ]; then
      echo "compare-gateway: nothing answers on port $port" >&2
      cat "$work"/*.log >&2
      exit 1
    fi
    sleep 0.1
  done
done
head -1 "$work/kemudi.log"

cpu_micros() { # user and system time of process $1 in microseconds; clock ticks are 10 ms
  sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) * 1000000 / hz }'
}
measure() { # $1 name, $2 pid, $3 port, $4 seconds: appends "name micros-per-request requests/s" to the table
  before=$(cpu_micros "$2")
  wrk -t1 -c64 -d"$4s" "http://127.0.0.1:$3/" >"$work/wrk.out"
  after=$(cpu_micros "$2")
  requests=$(awk '/requests in/ { print $1 }' "$work/wrk.out")
  rate=$(awk '/Requests\/sec/ { print $2 }' "$work/wrk.out")
  errors=$(awk '/Socket errors|Non-2xx/' "$work/wrk.out")
  [ -z "$errors" ] || { echo "compare-gateway: $1: $errors" >&2; exit 1; }
  awk -v n="$1" -v b="$before" -v a="$after" -v r="$requests" -v s="$rate" \
    'BEGIN { printf "%s %.2f %.0f\n", n, (a - b) / r, s }'
}

# Warm until the compiler has seen at least 250,000 requests, bounded in time.
warmed=0 waited=0
while { [ "$warmed" -lt 250000 ] || [ $waited -lt $warm ]; } && [ $waited -lt 60 ]; do
  wrk -t1 -c64 -d4s "http://127.0.0.1:$kemudi_port/" >"$work/wrk.out"
  warmed=$((warmed + $(awk '/requests in/ { print $1 }' "$work/wrk.out")))
  waited=$((waited + 4))
done
echo "warmed with $warmed requests; $rounds rounds of $window s each"
round=0
while [ $round -lt $rounds ]; do
  measure haproxy "$haproxy_pid" "$haproxy_port" "$window"
  measure kemudi "$kemudi_pid" "$kemudi_port" "$window"
  measure nginx "$nginx_pid" "$nginx_port" "$window"
  round=$((round + 1))
done | tee "$work/table" | awk 'BEGIN { printf "%-8s %14s %12s\n", "proxy", "CPU us/request", "requests/s" }
  { printf "%-8s %14s %12s\n", $1, $2, $3; fflush() }'
if [ "$(wc -l <"$work/table")" -ne $((rounds * 3)) ]; then
  echo "compare-gateway: a measurement failed, no ratio" >&2
  exit 1
fi
rss=$(awk '/VmRSS/ { print $2 }' "/proc/$kemudi_pid/status")
awk -v rss="$rss" -v limit="${KEMUDI_COMPARE_LIMIT:-1.5}" '
  { if (!($1 in min) || $2 < min[$1]) min[$1] = $2; all[$1] = all[$1] " " $2 }
  END {
    for (n in min) printf "%-8s min %.2f us/request (all:%s)\n", n, min[n], all[n]
    ratio = min["kemudi"] / min["haproxy"]
    printf "ratio kemudi/haproxy: %.2f (goal: at most %.2f); kemudi resident %d MB\n", ratio, limit, rss / 1024
    exit ratio <= limit ? 0 : 1
  }' "$work/table"
