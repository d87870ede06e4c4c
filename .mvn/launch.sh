# Sourced by ./kemudi and bin/etcd, which set KEMUDI_HOME and launcher (their name): builds when sources changed, makes the
# start-up cache once, and leaves in $flags what the JVM is to be started with.
. "$KEMUDI_HOME/.mvn/find-jdk.sh"
jar=$KEMUDI_HOME/server/target/server.jar

kemudi_stale() {
  [ -f "$jar" ] || return 0
  [ "${KEMUDI_BUILD-}" != off ] || return 1
  [ -n "$(find "$KEMUDI_HOME" \( -name target -o -name .git -o -name .kemudi -o -path '*/src/test' \) -prune \
    -o -type f \( -path '*/src/main/*' -o -name pom.xml \) -newer "$jar" -print 2>/dev/null | head -1)" ]
}

kemudi_say() { # one line that replaces itself on a terminal, a plain line otherwise
  if [ -t 2 ]; then printf '\r\033[K%s' "$1" >&2; else printf '%s\n' "$1" >&2; fi
}

kemudi_build() {
  began=$(date +%s)
  kemudi_say "$launcher: building (once; later starts skip this)…"
  log=$(mktemp)
  if ! (cd "$KEMUDI_HOME" && ./mvnw -q -B -DskipTests -Dmaven.source.skip -pl server -am package) >"$log" 2>&1; then
    [ ! -t 2 ] || kemudi_say ""
    tail -n 40 "$log" >&2
    echo "$launcher: the build failed; the full output is in $log. Run ./mvnw -pl server -am package to see it again." >&2
    exit 1
  fi
  rm -f "$log"
  touch "$jar"
  kemudi_say "$launcher: built in $(($(date +%s) - began)) s"
  [ ! -t 2 ] || echo >&2
}

# kemudi_cache NAME MAKE MAIN TRAIN…: adds the start-up cache to $flags; makes it first when MAKE is yes.
# It fits exactly one JDK, one set of jars and one set of flags: its name says which, so a stale one is never used.
kemudi_cache() {
  [ "${KEMUDI_AOT:-on}" = on ] || return 0
  cache_name=$1 make=$2
  shift 2
  fit=$({ cat "$JAVA_HOME/release"; echo "$flags"; ls -ln --time-style=full-iso "$jar" "$KEMUDI_HOME/server/target/lib"; } | cksum | cut -d' ' -f1)
  cache=$KEMUDI_HOME/server/target/$cache_name-$fit.aot
  making=$KEMUDI_HOME/server/target/$cache_name.making
  # One makes it; who starts meanwhile goes without. What a killed one left behind counts for five minutes.
  [ -z "$(find "$making" -maxdepth 0 -mmin +5 2>/dev/null)" ] || rmdir "$making" 2>/dev/null || true
  if [ ! -f "$cache" ] && [ "$make" = yes ] && mkdir "$making" 2>/dev/null; then
    rm -f "$KEMUDI_HOME/server/target/$cache_name"-*.aot* # and what a killed one left of it
    kemudi_say "$launcher: preparing the start-up cache (once)…"
    # Made beside and moved: another start must never read half of it.
    # shellcheck disable=SC2086
    if "$JAVA_HOME/bin/java" $flags -XX:AOTCacheOutput="$cache.$$" -Xlog:disable -Xlog:all=off \
      -Dkemudi.home="$KEMUDI_HOME" -cp "$jar" "$@" >/dev/null 2>&1 && mv "$cache.$$" "$cache" 2>/dev/null; then
      [ ! -t 2 ] || kemudi_say ""
    else
      rm -f "$cache.$$"
      kemudi_say "$launcher: no start-up cache (the training run failed; starts are slower, nothing else)"
      [ ! -t 2 ] || echo >&2
    fi
    rmdir "$making" 2>/dev/null || true
  fi
  [ ! -f "$cache" ] || flags="$flags -XX:AOTCache=$cache"
}

# A small heap that grows when needed; serial GC and compact headers keep the idle process small.
flags="-XX:+UseSerialGC -XX:+UseCompactObjectHeaders -Xms24m -Xmx${KEMUDI_HEAP:-768m} -Xss512k
  -XX:MinHeapFreeRatio=10 -XX:MaxHeapFreeRatio=25 -XX:ReservedCodeCacheSize=64m -XX:-UsePerfData
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow
  -Dio.prometheus.metrics.exemplars_enabled=false -Dio.netty.allocator.numDirectArenas=1 -Dio.netty.allocator.numHeapArenas=1
  -Dio.netty.leakDetection.level=disabled ${KEMUDI_JAVA_OPTS-}"
