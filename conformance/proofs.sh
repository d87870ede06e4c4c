# Sourced by the scripts that prove the store: compiles the programs of src/test/…/testing against the distribution's jars.
# Sets proof_classes and proof_flags. Expects root and JAVA_HOME.
proof_out=$root/conformance/target/proofs
proof_classes=$proof_out:$root/server/target/lib/*:$root/server/target/server.jar
proof_flags="-XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"

build_proofs() {
  local sources=$root/conformance/src/test/java/dev/kemudi/conformance/testing
  [ -f "$root/server/target/server.jar" ] || "$root/bin/etcd" --version >/dev/null || return 1
  if [ -f "$proof_out/made" ] && [ -z "$(find "$sources" "$root/server/target/server.jar" -newer "$proof_out/made" | head -1)" ]; then
    return 0
  fi
  rm -rf "$proof_out"
  mkdir -p "$proof_out"
  find "$sources" -name '*.java' ! -name '*Test.java' >"$proof_out/sources"
  "$JAVA_HOME/bin/javac" -nowarn -d "$proof_out" -cp "$root/server/target/lib/*:$root/server/target/server.jar" "@$proof_out/sources" &&
    touch "$proof_out/made"
}
