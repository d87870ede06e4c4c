# Sourced by ./mvnw and ./kemudi: leaves JAVA_HOME pointing at a JDK 25 (or newer), or stops with one helpful sentence.
# Order: a JAVA_HOME that already fits, KEMUDI_JAVA_HOME, `java` on the PATH, then the usual places of each platform.

kemudi_jdk_major() { # prints the feature release of the JDK in $1, or nothing
  [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

kemudi_jdk_fits() {
  kemudi_major=$(kemudi_jdk_major "$1")
  [ -n "$kemudi_major" ] && [ "$kemudi_major" -ge 25 ]
}

kemudi_find_jdk() {
  for kemudi_home in "${KEMUDI_JAVA_HOME-}" "${JAVA_HOME-}"; do
    if [ -n "$kemudi_home" ] && kemudi_jdk_fits "$kemudi_home"; then
      JAVA_HOME=$kemudi_home
      return 0
    fi
  done
  kemudi_java=$(command -v java 2>/dev/null || true)
  if [ -n "$kemudi_java" ]; then
    kemudi_home=$(dirname "$(dirname "$(readlink -f "$kemudi_java" 2>/dev/null || echo "$kemudi_java")")")
    if kemudi_jdk_fits "$kemudi_home"; then
      JAVA_HOME=$kemudi_home
      return 0
    fi
  fi
  kemudi_glob_was_off=
  case $- in *f*) kemudi_glob_was_off=1 ;; esac
  set +f
  for kemudi_home in /usr/lib/jvm/*25* /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* \
      "$HOME"/.jdks/* "$HOME"/.local/share/mise/installs/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if kemudi_jdk_fits "$kemudi_home"; then
      JAVA_HOME=$kemudi_home
      break
    fi
  done
  [ -z "$kemudi_glob_was_off" ] || set -f
  kemudi_jdk_fits "${JAVA_HOME-}"
}

if kemudi_find_jdk; then
  export JAVA_HOME
else
  echo "Kemudi needs a JDK 25 or newer and found none (java on the PATH: $(java -version 2>&1 | head -1));" \
    "install one (for example Eclipse Temurin 25) or set JAVA_HOME or KEMUDI_JAVA_HOME to its folder." >&2
  exit 1
fi
