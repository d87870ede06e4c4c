#!/usr/bin/env bash
# Real processes under faults, judged by what their clients were told.
#   conformance/faults.sh [--nodes 3] [--faults 10] [--seconds 75] [--seed N] [--only FAULT,…] [--server bin/etcd]
# The long run is --faults 200 --seconds 3600. --server /usr/bin/etcd judges Debian's etcd: the judge must accept it.
# As root each node gets a network namespace, a disk of its own and a clock of its own; otherwise what is missing is said.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
. "$root/.mvn/find-jdk.sh"
nodes=3 faults=10 seconds=75 seed=$RANDOM only= server=$root/bin/etcd
while [ $# -gt 0 ]; do
  case $1 in
    --nodes | --faults | --seconds | --seed | --only | --server) declare "${1#--}=$2" && shift 2 ;;
    *) echo "faults: unknown option $1; see the head of this file" >&2 && exit 2 ;;
  esac
done
. "$here/proofs.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/kemudi-faults.XXXXXX")
prefix=kf$(($$ % 10000))n
subnet=10.$((200 + $$ % 50)).$(($$ / 50 % 250))
namespaces=no disks=no faketime=
history=${KEMUDI_HISTORY:-$root/conformance/target/history-$seed.txt}
java_pid=

clean_up() {
  [ -z "$java_pid" ] || { kill "$java_pid" 2>/dev/null && wait "$java_pid" 2>/dev/null; }
  local i
  for i in $(seq "$nodes"); do
    for pid in $(grep -lz "^KEMUDI_FAULTS=$work" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do
      [ "$pid" = $$ ] || [ ! -r "/proc/$pid/cmdline" ] || ! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q -- "--data-dir $work" || kill -9 "$pid"
    done
    ip link del "$prefix${i}h" 2>/dev/null
    ip netns del "$prefix$i" 2>/dev/null
    mountpoint -q "$work/n$i" && umount -l "$work/n$i"
    rmdir "/sys/fs/cgroup/blkio/$prefix$i" 2>/dev/null
  done
  ip netns del "${prefix}hub" 2>/dev/null
  if [ "${keep-}" = yes ]; then echo "logs and data are kept in $work"; else rm -rf "$work"; fi
}
trap clean_up EXIT
export KEMUDI_FAULTS=$work

make_namespaces() { # a hub where the clients live, with a bridge; each node on its own wire
  ip netns add "${prefix}hub" || return 1
  local hub=(nsenter "--net=/var/run/netns/${prefix}hub") i
  "${hub[@]}" ip link set lo up && "${hub[@]}" ip link add br0 type bridge || return 1
  "${hub[@]}" ip addr add "$subnet.1/24" dev br0 && "${hub[@]}" ip link set br0 up || return 1
  for i in $(seq "$nodes"); do
    ip netns add "$prefix$i" || return 1
    "${hub[@]}" ip link add "$prefix${i}h" type veth peer name eth0 netns "$prefix$i" || return 1
    "${hub[@]}" ip link set "$prefix${i}h" master br0 up || return 1
    nsenter "--net=/var/run/netns/$prefix$i" sh -c \
      "ip link set lo up && ip addr add $subnet.$((10 + i))/24 dev eth0 && ip link set eth0 up" || return 1
  done
}

make_disks() {
  local i
  for i in $(seq "$nodes"); do
    truncate -s "${KEMUDI_FAULTS_DISK:-600M}" "$work/n$i.img" && mkfs.ext4 -q "$work/n$i.img" && mkdir -p "$work/n$i" || return 1
    mount -o loop "$work/n$i.img" "$work/n$i" && rmdir "$work/n$i/lost+found" || return 1
    mkdir -p "/sys/fs/cgroup/blkio/$prefix$i" || return 1
  done
}

if [ "$(id -u)" = 0 ] && [ "${KEMUDI_FAULTS_PLAIN-}" != yes ]; then
  if make_namespaces 2>"$work/setup.log"; then namespaces=yes; fi
  if make_disks 2>>"$work/setup.log"; then disks=yes; fi
  faketime=$(ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null | head -1)
  # Go programs ask the kernel for the time themselves: the library cannot step their clocks.
  [ "$server" != /usr/bin/etcd ] || faketime=
fi
build_proofs || exit 1
"$server" --version >"$work/version.log" 2>&1 || { cat "$work/version.log" >&2; exit 1; }
enter=()
[ "$namespaces" = no ] || enter=(nsenter "--net=/var/run/netns/${prefix}hub")
"${enter[@]}" "$JAVA_HOME/bin/java" $proof_flags -Xmx1500m -cp "$proof_classes" dev.kemudi.conformance.testing.FaultRun \
  "server=$server" "dir=$work" "nodes=$nodes" "namespaces=$namespaces" "disks=$disks" "prefix=$prefix" "subnet=$subnet" \
  "faketime=$faketime" "faults=$faults" "seconds=$seconds" "seed=$seed" "only=$only" "etcdctl=etcdctl" "history=$history" &
java_pid=$!
wait "$java_pid"
code=$?
java_pid=
if [ $code != 0 ]; then
  keep=yes
  for i in $(seq "$nodes"); do echo "--- n$i" && tail -n 15 "$work/n$i.log"; done
  echo "again: conformance/faults.sh --nodes $nodes --faults $faults --seed $seed --server $server"
fi
exit $code
