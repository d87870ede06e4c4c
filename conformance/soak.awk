# Judges samples of "seconds heapKB threads fds rssKB", one a line: the first third warms up; of the rest, the median slope between
# any two samples (Theil and Sen: no single sample counts) times the time it covers is what the server grew by.
# Fails when it grew by more than a sample may wobble, of which a leak makes more the longer the run is.
{ at[NR] = $1; heap[NR] = $2; threads[NR] = $3; fds[NR] = $4; rss[NR] = $5 }

function sort(a, n,   i, j, x) {
  for (i = 2; i <= n; i++) { x = a[i]; for (j = i - 1; j > 0 && a[j] > x; j--) a[j + 1] = a[j]; a[j + 1] = x }
}

function flat(name, a, part, least,   i, j, n, slopes, values, grown, middle, slack) {
  for (i = first; i <= NR; i++) {
    values[i - first + 1] = a[i]
    for (j = first; j < i; j++) slopes[++n] = (a[i] - a[j]) / (at[i] - at[j])
  }
  sort(slopes, n); sort(values, NR - first + 1)
  middle = values[int((NR - first + 2) / 2)]
  grown = slopes[int((n + 1) / 2)] * (at[NR] - at[first])
  slack = least + part * middle
  printf "%s %s: about %.0f, grew by %.0f in %d s, %.0f would be too much\n", \
    grown <= slack ? "ok   " : "FAIL ", name, middle, grown, at[NR] - at[first], slack
  if (grown > slack) bad++
  else good++
}

END {
  first = int(NR / 3) + 1
  if (NR < 9) { print "FAIL  only " NR " samples"; exit 1 }
  flat("heap after GC, KB", heap, 0.05, 1024)
  flat("threads", threads, 0, 3)
  # RocksDB's tables come and go; of what leaks there is one a round at least, and a round takes two seconds.
  flat("file descriptors", fds, 0, 16)
  # Caches and write buffers outside the heap fill during the first ten minutes, by about 30 MB after the first.
  flat("resident memory, KB", rss, 0.04, 40960)
  printf "soak: %d passed, %d failed, 0 skipped\n", good, bad
  exit bad > 0
}
