#!/usr/bin/env bash
# A data directory that fills up: writes are refused by name, reads go on, writes come back with the space, nothing acknowledged
# is lost, also not by a kill -9 while it was full. Needs root to mount a tmpfs of 256 MB (two log segments of 32 MB, the
# store's reserve of 64 MB, room to fill and to free); says so otherwise.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
export ETCDCTL_API=3
work=$(mktemp -d)
trap 'kill -9 "${kemudi_pid-}" 2>/dev/null; sleep 0.2; umount "$work/disk" 2>/dev/null; rm -rf "$work" "$work"*' EXIT
mkdir "$work/disk"
mount -t tmpfs -o size=256m tmpfs "$work/disk" 2>/dev/null || { skip "disk full: mounting a small tmpfs needs root"; finish; exit; }

reserve_kib=65536 # what the store keeps free to be able to compact and to stop
maps=/api/v1/namespaces/default/configmaps
request() { # request METHOD PATH [BODY FILE]: prints the body and then the status code
  curl -sS --max-time 20 --cacert "$data/pki/ca.crt" -H "@$work/headers" -X "$1" "https://$api$2" -w '\n%{http_code}' ${3:+--data-binary "@$3"}
}
put() { request POST "$maps" "$1"; }
map() { # map NAME BYTES
  { printf '{"metadata":{"name":"%s"},"data":{"filler":"' "$1"; head -c "$2" /dev/zero | tr '\0' x; printf '"}}'; } >"$work/body"
}
writable() { map "again-$RANDOM$RANDOM" 1000 && put "$work/body" | tail -1 | grep -q 201; }
names() { request GET "$maps" | sed '$d' | jq -r '.items[].metadata.name' | sort; }

start() {
  start_kemudi "$work/disk/data"
  printf 'Content-Type: application/json\nAuthorization: Bearer %s\n' "$(cat "$data/pki/admin.token")" >"$work/headers"
}

start
writable || fail "a write before the disk is full"
free_kib() { df --output=avail -k "$work/disk" | tail -1; }
head -c "$((($(free_kib) - reserve_kib - 8192) * 1024))" /dev/zero >"$work/disk/filler"
: >"$work/acknowledged"
for i in $(seq 400); do
  map "full-$i" 400000
  answer=$(put "$work/body")
  code=${answer##*$'\n'}
  [ "$code" = 201 ] || break
  echo "full-$i" >>"$work/acknowledged"
done
echo "      $(wc -l <"$work/acknowledged") writes of 400 kB acknowledged, then $code: $(printf '%s' "$answer" | sed '$d' | jq -r .message)"
[ "$code" = 507 ] && ok "a full disk is told as 507" || fail "a full disk is told as $code"
check "the answer is a Status that says disk and that reads go on" grep -Eq '"kind":"Status".*disk.*reads go on' <<<"$answer"
answer=$(timeout 10 etcdctl --endpoints "$etcd" --command-timeout 5s put "key" "$(head -c 100000 /dev/zero | tr '\0' x)" 2>&1)
grep -Eqi 'database space exceeded|disk' <<<"$answer" && ok "etcdctl is told too: $(tail -c 120 <<<"$answer")" || fail "etcdctl: $(tail -c 300 <<<"$answer")"
all_there() { [ -z "$(comm -23 <(sort "$work/acknowledged") <(names))" ]; }
check "reads go on: all that was acknowledged is listed" all_there
check "etcdctl reads go on" timeout 10 etcdctl --endpoints "$etcd" get --prefix --keys-only --limit 3 ""
check "the process is alive and says so" curl -fsS "http://$metrics/healthz"

rm "$work/disk/filler"
check "writes are taken again when space returns, without a restart" eventually 20 writable
check "still all that was acknowledged is listed" all_there

head -c "$((($(free_kib) - reserve_kib - 2048) * 1024))" /dev/zero >"$work/disk/filler"
for i in $(seq 401 500); do
  map "full-$i" 400000
  put "$work/body" | tail -1 | grep -q 201 || break
  echo "full-$i" >>"$work/acknowledged"
done
kill -9 "$kemudi_pid"
wait "$kemudi_pid" 2>/dev/null
head -c "$(($(free_kib) - 4096))K" /dev/zero >"$work/disk/more"
out=$(timeout 60 "$root/kemudi" up --data-dir "$data" --api-port 0 --etcd-port 0 --gateway-port 0 --metrics-port 0 2>&1)
code=$?
[ "$code" != 0 ] && [ "$code" != 124 ] && [ "$(wc -l <<<"$out")" = 1 ] && grep -q disk <<<"$out" &&
  ok "a start on the full disk is refused in one sentence: $out" || fail "a start on the full disk: exit $code: $(head -n 3 <<<"$out")"
rm "$work/disk/filler" "$work/disk/more"
start
check "after kill -9 on the full disk all that was acknowledged is listed" all_there
check "and writes are taken" eventually 10 writable
stop_kemudi && ok "stop: exit 0" || fail "stop: exit $?"
finish
