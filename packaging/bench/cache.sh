#!/usr/bin/env bash
# What a cached embedding costs at the client, and how many times a miss that is: a real all-MiniLM model, texts of 256
# words, one connection, Weir in a process of its own with its default pipeline. Needs a JDK only; builds what is missing.
# Loopback only; takes a minute and ends by itself.
#
#   packaging/bench/cache.sh
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
jar="$root/proxy-server/target/weir.jar"
java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
classpath="$(mktemp)"
trap 'rm -f "$classpath"' EXIT

# MAVEN_ARGS holds options for Maven, -o for instance.
(cd "$root" && ./mvnw -B -ntp -q -DskipTests package dependency:build-classpath -Dmdep.includeScope=test \
  "-Dmdep.outputFile=$classpath" -pl proxy-server -am) >&2

cd "$root/proxy-server"
exec "$java" -cp "target/test-classes:target/classes:$(cat "$classpath")" dev.weir.server.CacheCost "$jar"
