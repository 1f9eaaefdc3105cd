#!/bin/sh
# Runs unit test programs, two or so at a time, each with its output kept; prints what failed. Ends with "N passed, M failed".
set -u
export LSAN_OPTIONS=suppressions=$(dirname "$0")/lsan.supp TSAN_OPTIONS="suppressions=$(dirname "$0")/tsan.supp" CK_VERBOSITY=normal
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export logs
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh -c '
    name=$(basename "$1"); parent=$(basename "$(dirname "$1")")
    if "$1" >"$logs/$parent-$name.log" 2>&1; then echo ok >"$logs/$parent-$name.rc"
    else echo failed >"$logs/$parent-$name.rc"; echo "FAILED $1"; tail -n 60 "$logs/$parent-$name.log"; fi' sh
failed=$(grep -l failed "$logs"/*.rc 2>/dev/null | wc -l)
checks=$(cat "$logs"/*.log 2>/dev/null | sed -n 's/.*Checks: \([0-9]*\),.*/\1/p' | awk '{n += $1} END {print n + 0}')
echo "unit: $# programs, $checks checks"
echo "$(($# - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
