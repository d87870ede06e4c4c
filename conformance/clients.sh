#!/usr/bin/env bash
# Bad clients against the whole process: each gets a clear Status or a closed connection, and the process stays well. Also a
# trace: a traceparent sent to the gateway and to the API is found at /debug/traces. The modules' own tests go deeper
# (BadInputTest, HardeningTest, EtcdServerTest); here it is what `kemudi up` really serves.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
work=$(mktemp -d)
trap 'kill -9 "${kemudi_pid-}" "${mute-}" 2>/dev/null; pod_pids | xargs -r kill -9 2>/dev/null; rm -rf "$work" "$work"*' EXIT
pod_pids() { grep -lza "^KEMUDI_ROOT=$work" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$kemudi_pid/status"; }
. "$root/.mvn/find-jdk.sh"
heap_kib() { # what is alive, after a collection; resident memory also shows how far the heap once was stretched
  "$JAVA_HOME/bin/jcmd" "$kemudi_pid" GC.run >/dev/null
  "$JAVA_HOME/bin/jcmd" "$kemudi_pid" GC.heap_info | grep -E 'def new|tenured|DefNew|Tenured' | grep -oE 'used [0-9]+K' | grep -oE '[0-9]+' | paste -sd+ | bc
}
maps=/api/v1/namespaces/default/configmaps

start_kemudi "$work/data" "$root/examples/hello"
token=$(cat "$data/pki/admin.token")
request() { curl -sS --path-as-is --max-time 20 --cacert "$data/pki/ca.crt" -H "Authorization: Bearer $token" "$@"; }
before=$(resident_kib) heap_before=$(heap_kib)

refused() { # refused NAME CODES TYPE FILE: a Status with one of these codes
  local answer code
  answer=$(request -w '\n%{http_code}' -H "Content-Type: $3" --data-binary "@$4" "https://$api$maps")
  code=${answer##*$'\n'}
  if [[ " $2 " == *" $code "* ]] && [ "$(sed '$d' <<<"$answer" | jq -r .kind 2>/dev/null)" = Status ]; then
    ok "$1: $code $(sed '$d' <<<"$answer" | jq -r .message | head -c 90 | tr '\n' ' ')"
  else
    fail "$1: ${answer:0:200}"
  fi
}
body() { cat >"$work/$1"; printf '%s' "$work/$1"; }

refused "malformed JSON" 400 application/json "$(printf '{"metadata":{' | body json)"
refused "malformed YAML" 400 application/yaml "$(printf 'a: b: c:\n - [' | body yaml)"
refused "malformed protobuf" 400 application/vnd.kubernetes.protobuf "$(printf 'k8s\0\001\002\003' | body protobuf)"
refused "a body of 10 MB" 413 application/json "$(head -c 10000000 /dev/zero | tr '\0' x | body large)"
refused "nesting 100,000 deep" 400 application/json "$(head -c 100000 /dev/zero | tr '\0' '[' | body deep)"
refused "a key given twice" 400 application/json "$(printf '{"metadata":{"name":"a","name":"b"}}' | body twice)"
refused "invalid UTF-8" 400 application/json "$(printf '{"metadata":{"name":"a"},"data":{"k":"\303("}}' | body utf8)"
refused "a name with a path in it" 422 application/json "$(printf '{"metadata":{"name":"../../x"}}' | body name)"
for name in ..%2f..%2fsecrets %2e%2e a%00b ../../../../etc/passwd; do
  code=$(request -o /dev/null -w '%{http_code}' "https://$api$maps/$name")
  [[ $code =~ ^4 ]] && ok "GET of $name: $code" || fail "GET of $name: $code"
done

# A client that never reads its watch, flooded with WRITES=100 events of 400 kB; and 50 that never finish their request.
python3 - "$api" "$gateway" "$token" <<'PY' &
import socket, ssl, sys, time
api, gateway, token = sys.argv[1:]
context = ssl._create_unverified_context()
def tls():
    host, port = api.split(":")
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect((host, int(port)))
    return context.wrap_socket(plain)
watch = tls()
watch.sendall(f"GET /api/v1/configmaps?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
unfinished = []
for i in range(50):
    half = tls() if i % 2 else socket.create_connection(gateway.split(":"))
    half.sendall(b"POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 10")
    unfinished.append(half)
time.sleep(60)
PY
mute=$!
printf '{"metadata":{"name":"flood"},"data":{"f":"%s"}}' "$(head -c 400000 /dev/zero | tr '\0' x)" >"$work/flood"
request -o /dev/null -H 'Content-Type: application/json' --data-binary "@$work/flood" "https://$api$maps"
flooded=0
for i in $(seq ${WRITES:-100}); do
  code=$(request -o /dev/null -w '%{http_code}' -X PATCH -H 'Content-Type: application/merge-patch+json' -d "{\"data\":{\"n\":\"$i\"}}" "https://$api$maps/flood")
  [ "$code" = 200 ] && flooded=$((flooded + 1))
done
[ "$flooded" = "${WRITES:-100}" ] && ok "${WRITES:-100} writes go on past a watcher that never reads" || fail "only $flooded of ${WRITES:-100} writes"
check "the API answers" request -f -o /dev/null "https://$api/version"
check "the gateway answers" curl -fsS --max-time 5 -o /dev/null "http://$gateway/"
echo "      resident memory $before KiB before, $(resident_kib) KiB now"
grown=$(($(heap_kib) - heap_before))
[ "$grown" -le 98304 ] && ok "$grown KiB more of heap are held with all of them connected" || fail "$grown KiB more of heap are held"
kill "$mute"

for door in gateway api; do
  trace=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  header="traceparent: 00-$trace-00f067aa0ba902b7-01"
  if [ "$door" = gateway ]; then curl -fsS -o /dev/null -H "$header" "http://$gateway/"; else request -o /dev/null -H "$header" "https://$api$maps"; fi
  found() { curl -fsS "http://$metrics/debug/traces?trace=$trace" | grep -q "$trace"; }
  check "a request's trace through the $door is at /debug/traces" eventually 5 found
done
stop_kemudi && ok "stop: exit 0" || fail "stop: exit $?"
finish
