# shellcheck shell=bash
# Sourced by the tests: counts checks and says at the end how many passed.
passed=0
failed=0

# check WHAT COMMAND...: the command must succeed; else its output is shown.
check() {
  local what="$1" output
  shift
  if output="$("$@" 2>&1)"; then
    passed=$((passed + 1))
    echo "ok      $what"
  else
    failed=$((failed + 1))
    echo "FAILED  $what"
    echo "        ${output//$'\n'/$'\n'        }"
  fi
}

is() { [ "$1" = "$2" ] || { echo "$1 (expected: $2)" && return 1; }; }
not() { ! "$@"; }

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
