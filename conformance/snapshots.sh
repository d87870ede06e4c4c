#!/usr/bin/env bash
# bolt/ against those who know the format: Debian's etcd and etcdctl, and bbolt's own check through Go. What is missing is skipped by name.
# SNAPSHOT_KEYS (100000): how many keys; SNAPSHOT_MB (300): the size of the bulk file.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
. "$root/.mvn/find-jdk.sh"
kemudi_find_jdk || { echo "no JDK 25"; exit 1; }
keys=${SNAPSHOT_KEYS:-100000}
bulk_mb=${SNAPSHOT_MB:-300}
middle=$(printf 'key-%08d' $((keys / 2)))
work=$(mktemp -d)
etcd_pid=
trap 'stop_etcd; rm -rf "$work"' EXIT
export ETCDCTL_API=3
jar=$(ls "$root"/bolt/target/classes/dev/kemudi/bolt/BoltReader.class 2>/dev/null) || {
  echo "bolt is not built: run ./mvnw -pl bolt package"
  exit 1
}
classes=${jar%/dev/*}
mkdir "$work/classes"
"$JAVA_HOME/bin/javac" -d "$work/classes" -cp "$classes" "$here/snapshots/Snapshots.java" || exit 1
ours() { "$JAVA_HOME/bin/java" -Xmx64m -cp "$classes:$work/classes" Snapshots "$@"; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start_etcd() { # start_etcd DATA_DIR [COMMAND]: one member on loopback; sets ETCDCTL_ENDPOINTS
  peer=${peer:-$(free_port)}
  client=$(free_port)
  export ETCDCTL_ENDPOINTS=http://127.0.0.1:$client
  "${2:-etcd}" --name one --data-dir "$1" --listen-client-urls "$ETCDCTL_ENDPOINTS" --advertise-client-urls "$ETCDCTL_ENDPOINTS" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "one=http://127.0.0.1:$peer" >"$1.log" 2>&1 &
  etcd_pid=$!
  eventually 60 grep -q "ready to serve client requests" "$1.log" || { tail -n 5 "$1.log"; return 1; }
}
stop_etcd() { [ -z "$etcd_pid" ] || { kill "$etcd_pid"; wait "$etcd_pid"; etcd_pid=; } 2>/dev/null; }
restore() { # restore FILE DATA_DIR [COMMAND], and an etcd on it
  peer=$(free_port)
  rm -rf "$2"
  etcdctl snapshot restore "$1" --data-dir "$2" --name one --initial-cluster "one=http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" >"$2.restore" 2>&1 || { cat "$2.restore"; return 1; }
  start_etcd "$2" "${3:-etcd}"
}
yields() { # yields NAME COMMAND…: as check, in this shell, because the command sets variables
  local name=$1
  shift
  if "$@" >"$work/said" 2>&1; then ok "$name"; else fail "$name"; sed 's/^/      /' "$work/said" | tail -n 15; return 1; fi
}
served() { # everything a client can see, without what is the server's own
  etcdctl get '' --from-key -w json | jq -S 'del(.header.cluster_id, .header.member_id, .header.raft_term)'
  etcdctl lease list | sort
  for lease in $(etcdctl lease list | sed -n 's/^[0-9a-f]*$/&/p' | sort); do
    etcdctl lease timetolive "$lease" --keys -w json | jq -S '{id, granted: ."granted-ttl", keys: (.keys // [] | sort)}'
  done
  etcdctl user list | sort
  for user in $(etcdctl user list); do etcdctl user get "$user"; done
  for role in $(etcdctl role list); do etcdctl role get "$role"; done
}
same() { # same FILE COMMAND…: the command prints what FILE holds; shows where it does not
  "${@:2}" >"$work/now" 2>&1
  cmp -s "$1" "$work/now" || { diff "$1" "$work/now" | head -n 8; return 1; }
}

# 1. bbolt itself, through Go
bbolt=
if ! command -v go >/dev/null; then
  skip "bbolt's own check: there is no Go"
elif [ ! -d /usr/share/gocode/src/go.etcd.io/bbolt ]; then
  skip "bbolt's own check: golang-github-coreos-bbolt is not installed"
else
  mkdir "$work/go" && cp "$here/snapshots/check.go" "$work/go/"
  if (cd "$work/go" && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$work/go/cache go build -o "$work/bbolt" check.go); then
    bbolt=$work/bbolt
  else
    fail "check.go compiles"
  fi
fi
bbolt_agrees() { # bbolt_agrees NAME FILE
  [ -n "$bbolt" ] || return 0
  check "bbolt's own check of $1" "$bbolt" check "$2"
  "$bbolt" dump "$2" >"$work/dump"
  check "bbolt and we read the same pairs of $1 ($(wc -l <"$work/dump"))" same "$work/dump" ours dump "$2"
}
check "a snapshot of $keys keys is written with 64 MB of heap" ours write "$work/ours.db" "$keys" unused
bbolt_agrees "our snapshot" "$work/ours.db"
for shape in 0 1 40; do
  ours write "$work/small-$shape.db" "$shape" unused && bbolt_agrees "our snapshot of $shape keys" "$work/small-$shape.db"
done
printf '      %s\n' "$(ours bulk "$work/bulk.db" "$bulk_mb")"
bbolt_agrees "our snapshot of $bulk_mb MB" "$work/bulk.db"
rm -f "$work/bulk.db" "$work/dump"

if ! command -v etcd >/dev/null || ! command -v etcdctl >/dev/null; then
  skip "Debian's etcd: etcd-server and etcd-client are not installed"
  finish
  exit
fi

# 2. a snapshot that we made from nothing
check "etcdctl snapshot status of ours" etcdctl snapshot status "$work/ours.db"
if yields "etcdctl snapshot restore of ours, and an etcd starts on it" restore "$work/ours.db" "$work/from-ours"; then
  etcdctl alarm disarm >/dev/null
  check "its revision goes on" [ "$(etcdctl put after restore -w json | jq .header.revision)" = "$(($(ours state "$work/ours.db" | sed -n 's/^revision //p') + 1))" ]
  version() { etcdctl get key-00000005 "$@" -w json | jq '.kvs[0].version'; }
  check "a key is served as it is and as it was" [ "$(version) $(version --rev 8)" = "2 1" ]
fi
stop_etcd

# 3. a snapshot that Debian's etcd made: keys, deletions, compaction, leases, users
fill() {
  local i
  for i in 1 2 3; do etcdctl lease grant $((3600 + i)) | awk '{print $2}'; done >"$work/leases"
  python3 - "$ETCDCTL_ENDPOINTS" "$keys" "$work/leases" <<'PY'
import base64, json, random, sys, urllib.request
endpoint, keys, leases = sys.argv[1], int(sys.argv[2]), [int(x, 16) for x in open(sys.argv[3]).read().split()]
random.seed(1)
b = lambda s: base64.b64encode(s).decode()
def call(path, body):
    urllib.request.urlopen(urllib.request.Request(endpoint + path, json.dumps(body).encode())).read()
def put(i, round):
    value = b(random.randbytes(random.randrange(400)))
    return {"request_put": {"key": b(b"key-%08d" % i), "value": value, "lease": leases[i % 3] if i % 50 == 0 else 0}}
def txn(ops):
    call("/v3/kv/txn", {"success": ops})
for i in range(0, keys, 100):
    txn([put(j, 0) for j in range(i, min(keys, i + 100))])
for i in range(0, keys // 5, 100):
    txn([put(j, 1) for j in range(i, i + 100)])
for i in range(0, keys // 10, 100):
    txn([{"request_delete_range": {"key": b(b"key-%08d" % j)}} for j in range(i, i + 100)])
call("/v3/kv/put", {"key": b(b"large"), "value": b(bytes(1_300_000))})
PY
  etcdctl compact $((keys / 100 + keys / 1000))
  etcdctl put after-compaction yes
  etcdctl del key-00099999
  etcdctl role add reader && etcdctl role grant-permission reader readwrite --prefix=true key-
  etcdctl role grant-permission reader read a z
  etcdctl role add root && etcdctl user add ann:secret && etcdctl user add root:secret
  etcdctl user grant-role ann reader && etcdctl user grant-role root root
}
unset peer
yields "Debian's etcd starts" start_etcd "$work/theirs" || exit 1
check "Debian's etcd takes $keys keys, deletions, leases, users, a compaction" fill
served >"$work/served"
{ cat "$work/served" && echo more; } >"$work/other"
if same "$work/other" served >/dev/null; then fail "a difference would be seen"; else ok "a difference would be seen"; fi
check "etcdctl snapshot save" etcdctl snapshot save "$work/theirs.db"
stop_etcd
bbolt_agrees "etcd's snapshot" "$work/theirs.db"
check "etcd's snapshot is read record by record and written anew" ours copy "$work/theirs.db" "$work/copy.db"
bbolt_agrees "the copy" "$work/copy.db"
ours state "$work/theirs.db" | grep -v '^member ' >"$work/state"
check "the copy holds the same records" same "$work/state" ours state "$work/copy.db"
yields "etcdctl restores the copy, and an etcd starts on it" restore "$work/copy.db" "$work/from-copy" || exit 1
check "it serves the same keys, leases, users and roles ($(wc -l <"$work/served") lines)" same "$work/served" served
etcdctl auth enable >/dev/null
check "a password still opens" etcdctl --user ann:secret get "$middle" --keys-only
check "a user still may not what he might not" sh -c '! etcdctl --user ann:secret put zz 1 2>/dev/null'
stop_etcd
stop_etcd
etcdctl snapshot restore "$work/copy.db" --data-dir "$work/restored" >/dev/null 2>&1
check "a data directory that etcdctl restored is read" ours state "$work/restored/member/snap/db"

# 4. an etcd that was killed: its database lacks what its log holds
unset peer
yields "Debian's etcd starts again" start_etcd "$work/killed" || exit 1
etcdctl put before 1 >/dev/null
eventually 5 sh -c '! etcdctl get before | grep -q nothing' && sleep 0.3 # etcd writes its database ten times a second
etcdctl put after 1 >/dev/null
kill -9 "$etcd_pid" && wait "$etcd_pid" 2>/dev/null
etcd_pid=
said=$(ours pending "$work/killed")
if [ "$said" = "1 put" ]; then ok "what a killed etcd left only in its log is named: $said"; else fail "a killed etcd's log: expected 1 put, found $said"; fi
ours state "$work/killed/member/snap/db" >"$work/said" 2>&1
check "its database alone is refused, with what to do" grep -q "only in the log" "$work/said"
unset peer
yields "that etcd starts once more" start_etcd "$work/killed" || exit 1
stop_etcd
check "and stopped in order, its directory is whole" ours pending "$work/killed"

# 5. Kemudi's own store, both ways
if ! "$root/bin/etcd" --version >/dev/null 2>&1; then
  skip "Kemudi's store: bin/etcd does not start here"
  finish
  exit
fi
export KEMUDI_BUILD=off
kemudi_etcd=$root/bin/etcd
yields "Kemudi starts on what etcdctl restored from Debian's snapshot" restore "$work/theirs.db" "$work/kemudi-restored" "$kemudi_etcd" || exit 1
check "it serves the same keys, leases, users and roles" same "$work/served" served
check "a password that Debian's etcd hashed still opens" sh -c "etcdctl auth enable && etcdctl --dial-timeout=30s --user ann:secret get $middle --keys-only"
stop_etcd
unset peer
yields "Kemudi starts on the directory of a stopped etcd" start_etcd "$work/killed" "$kemudi_etcd"
check "and has what was last put" [ "$(etcdctl get after --print-value-only)" = 1 ]
stop_etcd
unset peer
yields "Kemudi starts on nothing" start_etcd "$work/kemudi" "$kemudi_etcd" || exit 1
check "it takes $keys keys, deletions, leases, users, a compaction" fill
served >"$work/served-kemudi"
etcdctl auth enable >/dev/null
check "etcdctl snapshot save from Kemudi" etcdctl --dial-timeout=30s --user root:secret snapshot save "$work/kemudi.db"
etcdctl --dial-timeout=30s --command-timeout=60s --user root:secret auth disable >/dev/null
stop_etcd
check "etcdctl snapshot status of it" etcdctl snapshot status "$work/kemudi.db"
bbolt_agrees "Kemudi's snapshot" "$work/kemudi.db"
yields "Debian's etcd starts on Kemudi's snapshot" restore "$work/kemudi.db" "$work/from-kemudi" || exit 1
check "users are asked for, as when it was saved" sh -c '! etcdctl get a 2>/dev/null && etcdctl --user root:secret auth disable'
check "it serves what Kemudi served ($(wc -l <"$work/served-kemudi") lines)" same "$work/served-kemudi" served
stop_etcd
yields "Kemudi starts on Kemudi's snapshot" restore "$work/kemudi.db" "$work/kemudi-again" "$kemudi_etcd" || exit 1
etcdctl --dial-timeout=30s --command-timeout=60s --user root:secret auth disable >/dev/null
check "and serves what it served" same "$work/served-kemudi" served
stop_etcd
finish
