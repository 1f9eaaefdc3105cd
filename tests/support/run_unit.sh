#!/bin/sh
# Runs unit test programs, two at a time for each processor (they wait more than they compute), the longest first, each with its
# output kept. What fails then gets a second run alone: suites that wait on real timers may miss them on a busy machine. Ends with
# "N passed, M failed".
set -u
export LSAN_OPTIONS=suppressions=$(dirname "$0")/lsan.supp TSAN_OPTIONS="suppressions=$(dirname "$0")/tsan.supp" CK_VERBOSITY=normal
export CK_DEFAULT_TIMEOUT=30 # seconds for one test: sanitizers, and a machine that does other things, too
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export logs
longest_first() { awk '/\/test_(distributed|sink_task|stores|calm)$/ { print; next } { others = others $0 "\n" } END { printf "%s", others }'; }
printf '%s\n' "$@" | longest_first | xargs -P $((2 * $(nproc))) -n 1 sh -c '
    log=$logs/$(echo "$1" | tr / _)
    "$1" >"$log.log" 2>&1 || echo "$1" >"$log.failed"' sh
failed=0
for mark in "$logs"/*.failed; do
    [ -e "$mark" ] || continue
    program=$(cat "$mark") log=${mark%.failed}
    grep -aE "^tests/.*:[FE]:|Assertion .* failed|^\*\*\* |free\(\): " "$log.log" | sed "s/^/first run: /"
    if grep -q "Sanitizer" "$log.log" || ! "$program" >"$log.log" 2>&1; then
        echo "FAILED $program"
        tail -n 60 "$log.log"
        failed=$((failed + 1))
    else
        echo "passed when run alone: $program"
    fi
done
checks=$(cat "$logs"/*.log 2>/dev/null | sed -n 's/.*Checks: \([0-9]*\),.*/\1/p' | awk '{n += $1} END {print n + 0}')
echo "unit: $# programs, $checks checks"
echo "$(($# - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
