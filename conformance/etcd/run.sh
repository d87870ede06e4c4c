#!/usr/bin/env bash
# Drives the real etcdctl (3.4 or newer) through what Kemudi promises of etcd, against any endpoint:
#   conformance/etcd/run.sh 127.0.0.1:2379
# Prints "ok NAME" or "FAIL NAME" per check, then a summary; exits 1 when a check failed, 2 when it could not run.
# It writes under its own prefix only, but compacts the whole store: never point it at one that matters.
set -u
endpoint=${1:-}
if [ -z "$endpoint" ]; then
  echo "usage: $0 HOST:PORT" >&2
  exit 2
fi
if ! command -v etcdctl >/dev/null; then
  echo "etcdctl is not installed (Debian: etcd-client)" >&2
  exit 2
fi
export ETCDCTL_API=3
work=$(mktemp -d)
p="conformance-$$-$RANDOM"
passed=0
failed=0
children=()

finish() {
  for child in "${children[@]:-}"; do
    [ -n "$child" ] && kill "$child" 2>/dev/null
  done
  wait 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

ctl() { timeout 20 etcdctl --endpoints="$endpoint" "$@"; }

ok() { passed=$((passed + 1)); echo "ok $1"; }

fail() { # NAME EXPECTED GOT
  failed=$((failed + 1))
  echo "FAIL $1"
  printf '  expected: %s\n  got:      %s\n' "$2" "$3"
}

same() { # NAME EXPECTED GOT
  if [ "$2" = "$3" ]; then ok "$1"; else fail "$1" "$2" "$3"; fi
}

has() { # NAME PART GOT
  case "$3" in *"$2"*) ok "$1" ;; *) fail "$1" "...$2..." "$3" ;; esac
}

refused() { # NAME PART COMMAND...: exit code not 0 and the text on the error output
  local name=$1 part=$2 said
  shift 2
  if said=$("$@" 2>&1 </dev/null); then
    fail "$name" "a failure saying $part" "exit 0: $said"
  else
    has "$name" "$part" "$said"
  fi
}

until_has() { # NAME PART FILE: waits up to 10 s
  local i
  for i in $(seq 100); do
    grep -qF -- "$2" "$3" 2>/dev/null && { ok "$1"; return; }
    sleep 0.1
  done
  fail "$1" "...$2..." "$(cat "$3" 2>/dev/null)"
}

revision() { ctl get "$p" -w json | sed 's/.*"revision":\([0-9]*\).*/\1/'; }

if ! ctl put "$p/alive" yes >/dev/null; then
  echo "nothing answers on $endpoint" >&2
  exit 2
fi

# --- put, get, del
same put "OK" "$(ctl put "$p/a" 1)"
same get "$p/a
1" "$(ctl get "$p/a")"
same get-value-only "1" "$(ctl get "$p/a" --print-value-only)"
same put-prev-kv "OK
$p/a
1" "$(ctl put --prev-kv "$p/a" 2)"
same get-nothing "" "$(ctl get "$p/none")"
ctl put "$p/b" 2 >/dev/null
ctl put "$p/c" 3 >/dev/null
same get-prefix-keys-only "$p/a

$p/alive

$p/b

$p/c" "$(ctl get --prefix --keys-only "$p/")"
same get-range "$p/a
2
$p/alive
yes" "$(ctl get "$p/a" "$p/b")"
same get-from-key-limit "$p/b
2" "$(ctl get --from-key --limit=1 "$p/b")"
has get-limit-counts-all '"more":true,"count":4' "$(ctl get --prefix --limit=2 "$p/" -w json)"
same get-descending "$p/c
3
$p/b
2" "$(ctl get --prefix --order=DESCEND --sort-by=KEY --limit=2 "$p/")"
same get-by-modify "$p/c" "$(ctl get --prefix --order=DESCEND --sort-by=MODIFY --limit=1 "$p/" | head -1)"
same get-by-version "$p/a" "$(ctl get --prefix --order=DESCEND --sort-by=VERSION --limit=1 "$p/" | head -1)"
same get-by-value "$p/a" "$(ctl get "$p/a" "$p/d" --order=ASCEND --sort-by=VALUE --limit=2 | sed -n 1p)"
then_rev=$(revision)
ctl put "$p/b" changed >/dev/null
same get-at-revision "2" "$(ctl get --rev="$then_rev" --print-value-only "$p/b")"
same get-newest "changed" "$(ctl get --print-value-only "$p/b")"
same get-serializable "changed" "$(ctl get --consistency=s --print-value-only "$p/b")"
refused get-future-revision "etcdserver: mvcc: required revision is a future revision" ctl get --rev=999999999 "$p/b"
same put-ignore-value "OK" "$(ctl put --ignore-value "$p/b")"
same put-ignore-value-keeps "changed" "$(ctl get --print-value-only "$p/b")"
refused put-ignore-value-missing "etcdserver: key not found" ctl put --ignore-value "$p/none"
refused put-unknown-lease "etcdserver: requested lease not found" ctl put --lease=123456789 "$p/b" v
refused put-empty-key "etcdserver: key is not provided" ctl put "" v
big=$(head -c 120000 /dev/zero | tr '\0' x)
same put-120-kB "OK" "$(ctl put "$p/big" "$big")"
same get-120-kB "120000" "$(ctl get --print-value-only "$p/big" | tr -d '\n' | wc -c | tr -d ' ')"
head -c 1700000 /dev/zero | tr '\0' x >"$work/large"
if said=$(ctl put "$p/large" <"$work/large" 2>&1); then
  fail put-1.7-MB-refused "request is too large" "$said"
else
  has put-1.7-MB-refused "etcdserver: request is too large" "$said"
fi
same del "1" "$(ctl del "$p/c")"
same del-nothing "0" "$(ctl del "$p/c")"
same del-prev-kv "1
$p/a
2" "$(ctl del --prev-kv "$p/a")"
ctl put "$p/d/1" x >/dev/null
ctl put "$p/d/2" x >/dev/null
same del-prefix "2" "$(ctl del --prefix "$p/d/")"

# --- txn
ctl put "$p/t" old >/dev/null
same txn-success "SUCCESS

OK

$p/t
new" "$(printf 'value("%s/t") = "old"\n\nput %s/t new\nget %s/t\n\nput %s/t wrong\n\n' "$p" "$p" "$p" "$p" | ctl txn)"
same txn-failure "FAILURE

1" "$(printf 'mod("%s/t") = "1"\n\nput %s/t wrong\n\ndel %s/t\n\n' "$p" "$p" "$p" | ctl txn)"
same txn-missing-key "SUCCESS

OK" "$(printf 'create("%s/t") = "0"\n\nput %s/t first\n\n\n' "$p" "$p" | ctl txn)"
same txn-version "SUCCESS

OK" "$(printf 'version("%s/t") > "0"\n\nput %s/t second\n\n\n' "$p" "$p" | ctl txn)"
refused txn-duplicate-key "etcdserver: duplicate key given in txn request" \
  bash -c "printf '\nput %s/t 1\nput %s/t 2\n\n\n' '$p' '$p' | ETCDCTL_API=3 timeout 20 etcdctl --endpoints='$endpoint' txn"
many=$(for i in $(seq 129); do echo "put $p/m$i x"; done)
refused txn-too-many-operations "etcdserver: too many operations in txn request" \
  bash -c "printf '\n%s\n\n\n' '$many' | ETCDCTL_API=3 timeout 20 etcdctl --endpoints='$endpoint' txn"

# --- watch
ctl put "$p/w" 1 >/dev/null
first_rev=$(revision)
ctl put "$p/w" 2 >/dev/null
timeout 60 etcdctl --endpoints="$endpoint" watch --rev="$first_rev" --prev-kv "$p/w" >"$work/watch" 2>&1 &
children+=($!)
until_has watch-from-revision "$p/w
2" "$work/watch"
ctl put "$p/w" 3 >/dev/null
ctl del "$p/w" >/dev/null
until_has watch-live-delete "DELETE" "$work/watch"
same watch-in-order "PUT
$p/w
1
PUT
$p/w
1
$p/w
2
PUT
$p/w
2
$p/w
3
DELETE
$p/w
3
$p/w" "$(grep -v '^$' "$work/watch")"
timeout 60 etcdctl --endpoints="$endpoint" watch --prefix "$p/wp/" >"$work/watch-prefix" 2>&1 &
children+=($!)
sleep 0.7
ctl put "$p/wp/x" here >/dev/null
ctl put "$p/elsewhere" there >/dev/null
ctl put "$p/wp/y" also >/dev/null
until_has watch-prefix "also" "$work/watch-prefix"
same watch-prefix-only-its-keys "2" "$(grep -c PUT "$work/watch-prefix")"

# --- lease
granted=$(ctl lease grant 300)
lease=$(echo "$granted" | awk '{print $2}')
same lease-grant "lease $lease granted with TTL(300s)" "$granted"
same lease-put "OK" "$(ctl put --lease="$lease" "$p/l1" x)"
ctl put --lease="$lease" "$p/l2" x >/dev/null
has lease-timetolive "lease $lease granted with TTL(300s), remaining(" "$(ctl lease timetolive "$lease")"
has lease-timetolive-keys "attached keys([$p/l1 $p/l2])" "$(ctl lease timetolive --keys "$lease")"
has lease-list "$lease" "$(ctl lease list)"
has lease-keep-alive-once "lease $lease keepalived with TTL(300)" "$(ctl lease keep-alive --once "$lease")"
same lease-revoke "lease $lease revoked" "$(ctl lease revoke "$lease")"
same lease-revoke-takes-keys "" "$(ctl get --prefix "$p/l")"
refused lease-revoke-again "etcdserver: requested lease not found" ctl lease revoke "$lease"
same lease-timetolive-gone "lease $lease already expired" "$(ctl lease timetolive "$lease")"
short=$(ctl lease grant 2 | awk '{print $2}')
ctl put --lease="$short" "$p/short" x >/dev/null
same lease-alive-key "x" "$(ctl get --print-value-only "$p/short")"
gone=no
for _ in $(seq 80); do
  [ -z "$(ctl get "$p/short")" ] && { gone=yes; break; }
  sleep 0.1
done
same lease-expires "yes" "$gone"

# --- lock and election (etcdctl builds both from KV, Watch and Lease)
timeout 60 etcdctl --endpoints="$endpoint" lock "$p-lock" >"$work/lock1" 2>&1 &
holder=$!
children+=("$holder")
until_has lock-held "$p-lock/" "$work/lock1"
timeout 60 etcdctl --endpoints="$endpoint" lock "$p-lock" echo second-has-it >"$work/lock2" 2>&1 &
second=$!
children+=("$second")
sleep 1
same lock-excludes "" "$(cat "$work/lock2")"
kill -INT "$holder" 2>/dev/null # timeout passes it on
until_has lock-passed-on "second-has-it" "$work/lock2"
timeout 60 etcdctl --endpoints="$endpoint" elect "$p-elect" alice >"$work/elect" 2>&1 &
alice=$!
children+=("$alice")
until_has elect "alice" "$work/elect"
timeout 60 etcdctl --endpoints="$endpoint" elect --listen "$p-elect" >"$work/observe" 2>&1 &
children+=($!)
until_has elect-listen "alice" "$work/observe"
kill -INT "$alice" 2>/dev/null

# --- compaction
for i in 1 2 3; do ctl put "$p/z" "$i" >/dev/null; done
at=$(revision)
same compaction "compacted revision $((at - 1))" "$(ctl compaction "$((at - 1))")"
refused compaction-again "etcdserver: mvcc: required revision has been compacted" ctl compaction "$((at - 1))"
refused compaction-future "etcdserver: mvcc: required revision is a future revision" ctl compaction 999999999
refused get-compacted "etcdserver: mvcc: required revision has been compacted" ctl get --rev="$first_rev" "$p/z"
same get-at-compacted-revision "2" "$(ctl get --rev="$((at - 1))" --print-value-only "$p/z")"
watch_said=$(timeout 5 etcdctl --endpoints="$endpoint" watch --rev="$first_rev" "$p/z" 2>&1)
has watch-compacted "required revision has been compacted" "$watch_said"

# --- status
status=$(ctl endpoint status -w json)
has endpoint-status '"dbSize":' "$status"
has endpoint-status-leader '"leader":' "$status"
has endpoint-status-version '"version":"3.' "$status"
has endpoint-health "is healthy: successfully committed proposal" "$(ctl endpoint health 2>&1)"
has member-list "started" "$(ctl member list)"
has defrag "Finished defragmenting" "$(ctl defrag 2>&1)"
ctl del --prefix "$p" >/dev/null

echo "passed $passed, failed $failed"
[ "$failed" -eq 0 ]
