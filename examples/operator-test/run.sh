#!/usr/bin/env bash
# An operator written with the Java Operator SDK, and its tests against Kemudi in the test's own JVM. Installs Kemudi's testkit into
# the local Maven repository first, as this working copy has it.   examples/operator-test/run.sh
set -euo pipefail
home=$(cd "$(dirname "$0")/../.." && pwd)
cd "$home"
./mvnw -q -B -ntp -DskipTests install -pl testkit -am
./mvnw -B -ntp -f examples/operator-test/pom.xml test
