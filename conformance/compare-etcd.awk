# Makes the Markdown table of compare-etcd.sh: first file etcd's lines, second Kemudi's. A line is
# name rate p50 p99 max micros-per-call seconds extra.
FNR == 1 { file++ }
{ who = file == 1 ? "e" : "k"; for (i = 2; i <= 8; i++) v[who, $1, i] = $i; have[who, $1] = 1 }
function both(name) { return have["e", name] && have["k", name] }
function cell(who, name) {
  return sprintf("%s/s, p50 %s p99 %s ms, %s µs", num(v[who, name, 2]), num(v[who, name, 3]), num(v[who, name, 4]), num(v[who, name, 6]))
}
function num(x) { return x >= 100 ? sprintf("%.0f", x) : x >= 10 ? sprintf("%.1f", x) : sprintf("%.2f", x) }
function verdict(good) { return good ? "yes" : "**no**" }
function row(what, name, result, goal, good) {
  printf "| %s | %s | %s | %s | %s | %s |\n", what, cell("e", name), cell("k", name), result, goal, verdict(good)
}
function ratio(name, i) { return v["k", name, i] > 0 ? v["e", name, i] / v["k", name, i] : 0 }
function share(name, i) { return v["e", name, i] > 0 ? v["k", name, i] / v["e", name, i] : 0 }
function cpu(what, name, goal,   r) {
  if (!both(name)) return
  r = ratio(name, 6)
  row(what ": server CPU per operation", name, sprintf("1/%.2f", r), "1/" goal, r >= goal)
}
function part(what, name, i, goal,   r) {
  if (!both(name)) return
  r = share(name, i)
  row(what, name, sprintf("%.2f×", r), "≤ " goal "×", r <= goal)
}
END {
  print "# The store beside etcd"
  print ""
  print "Written by `conformance/compare-etcd.sh --write`: one run, one client, the same machine, in turn, both with fsync."
  print peer " against Kemudi's etcd endpoint; " machine "; the run took " took " s."
  print "CPU is the servers' alone (all threads, summed over nodes), in microseconds per operation."
  print ""
  print "| measure | etcd | Kemudi | Kemudi to etcd | to reach | reached |"
  print "|---|---|---|---|---|---|"
  cpu("1 node, puts 256 B, 256 clients", "one.puts", 2.5)
  part("1 node, puts 256 B, 256 clients: p99", "one.puts", 4, 0.8)
  part("1 node, puts with 1 client: p50", "one.puts1", 3, 1.0)
  part("1 node, puts with 1 client: p99", "one.puts1", 4, 1.0)
  cpu("1 node, linearizable gets, 256 clients", "one.gets", 5)
  if (both("one.range")) row("range limit=100 over 100,000 keys: rate", "one.range", sprintf("%.0f×", share("one.range", 2)), "≥ 20×", share("one.range", 2) >= 20)
  if (both("one.count")) row("count_only over 100,000 keys: rate", "one.count", sprintf("%.0f×", share("one.count", 2)), "≥ 20×", share("one.count", 2) >= 20)
  if (both("one.txns")) row("Kubernetes-shaped transactions, 256 clients: per CPU second", "one.txns", sprintf("%.2f×", ratio("one.txns", 6)), "≥ 2.5×", ratio("one.txns", 6) >= 2.5)
  cpu("3 nodes on one machine, puts, 256 clients", "three.puts", 1.5)
  part("3 nodes on one machine, puts, 256 clients: p99", "three.puts", 4, 0.8)
  part("3 nodes on one machine, puts with 1 client: p50", "three.puts1", 3, 1.0)
  cpu("3 nodes on one machine, linearizable gets, 256 clients", "three.gets", 5)
  if (both("one.watch")) row("1,000 watchers of one prefix, a stream each: events per CPU second", "one.watch", sprintf("%.2f×", ratio("one.watch", 6)), "≥ 3×", ratio("one.watch", 6) >= 3)
  if (both("one.watchShared")) row("1,000 watchers of one prefix on 8 streams: events per CPU second", "one.watchShared", sprintf("%.2f×", ratio("one.watchShared", 6)), "≥ 3×", ratio("one.watchShared", 6) >= 3)
  if (both("three.failover"))
    printf "| leader killed, until the next write succeeds: p99 of %d; acknowledged and lost | %s s; %s | %s s; %s | | < 2 s; 0 | %s |\n", v["k", "three.failover", 6], num(v["e", "three.failover", 4]), v["e", "three.failover", 7], num(v["k", "three.failover", 4]), v["k", "three.failover", 7], verdict(v["k", "three.failover", 4] < 2 && v["k", "three.failover", 7] == 0)
  if (both("one.compactionDuring")) {
    e = v["e", "one.compactionDuring", 4] / v["e", "one.compactionBefore", 4]
    k = v["k", "one.compactionDuring", 4] / v["k", "one.compactionBefore", 4]
    printf "| compaction of 1 M revisions under writes (16 clients): p99 during / before | %s / %s ms = %.2f; took %s s | %s / %s ms = %.2f; took %s s | | ≤ 2 | %s |\n", num(v["e", "one.compactionDuring", 4]), num(v["e", "one.compactionBefore", 4]), e, v["e", "one.compactionDuring", 8], num(v["k", "one.compactionDuring", 4]), num(v["k", "one.compactionBefore", 4]), k, v["k", "one.compactionDuring", 8], verdict(k <= 2)
  }
  if (both("one.resident"))
    printf "| resident memory after all lines of one node | %d MB | %d MB | | | |\n", v["e", "one.resident", 2], v["k", "one.resident", 2]
  if (have["k", "large"])
    printf "| 12 GB of data: resident memory, reopen, longest write while half is compacted | cannot hold it | %s MB, %s s, %s ms | | ≤ 1,500 MB, ≤ 2 s, ≤ 50 ms | %s |\n", v["k", "large", 2], v["k", "large", 3], v["k", "large", 4], verdict(v["k", "large", 2] <= 1500 && v["k", "large", 3] <= 2 && v["k", "large", 4] <= 50)
}
