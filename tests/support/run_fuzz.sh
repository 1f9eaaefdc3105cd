#!/bin/sh
# Runs every fuzz target briefly on its corpus (tests/fuzz/corpus/NAME) and on mutations of it (see tests/support/fuzz.h).
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0
for target in "$@"; do
    name=$(basename "$target" | sed 's/^fuzz_//')
    if "$target" "tests/fuzz/corpus/$name" "${FUZZ_RUNS:-20000}"; then :; else
        echo "FAILED $target"
        failed=$((failed + 1))
    fi
done
echo "fuzz: $(($# - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
