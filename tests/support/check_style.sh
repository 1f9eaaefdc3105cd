#!/bin/sh
# `make check-style`: formatting, include direction, banned calls, sizes, words; clang-tidy last (TIDY=0 leaves it out).
# Arguments: the C files of the project.
set -u
cd "$(dirname "$0")/../.." || exit 2
failed=0
complain() {
    echo "style: $1"
    failed=1
}

# 1. one format
clang-format --dry-run --Werror "$@" >/tmp/kconnectd-format.$$ 2>&1 || {
    grep -m 20 'error:' /tmp/kconnectd-format.$$
    complain "clang-format differs (clang-format -i FILE)"
}
rm -f /tmp/kconnectd-format.$$

# 2. who may include whom: FOLDER sees nothing of the patterns after it
while read -r folder forbidden; do
    for pattern in $forbidden; do
        # MirrorMaker's connectors talk to two Kafka clusters of their own, so they may use connect/kafka/. REST's users
        # come from a JAAS file, which is read by the parser of sasl.jaas.config; the registry client takes credentials
        # from there and tokens as Kafka's clients do.
        found=$(grep -rn "#include \"$pattern" "$folder" --include='*.c' --include='*.h' 2>/dev/null |
            grep -v '^connectors/mirror/[^:]*:[0-9]*:#include "connect/kafka/' |
            grep -v '^rest/auth\.c:[0-9]*:#include "connect/kafka/jaas_file\.h"' |
            grep -v '^connect/convert/registry_auth\.c:[0-9]*:#include "connect/kafka/\(jaas\|oauth\)\.h"')
        [ -z "$found" ] || {
            echo "$found"
            complain "$folder must not include $pattern"
        }
    done
done <<'RULES'
connect/base connect/data/ connect/convert/ connect/transform/ connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h config/ connectors/ rest/
connect/data connect/convert/ connect/transform/ connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h connectors/ rest/
connect/convert connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h connectors/ rest/
connect/transform connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h connectors/ rest/
connect/kafka connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h connectors/ rest/
connect/group connect/store/ connect/task/ connect/worker.h connect/herder.h connectors/ rest/
connect/store connect/task/ connect/worker.h connect/herder.h connectors/ rest/
connect/task connect/worker.h connect/herder.h connect/group/ connectors/ rest/
config connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h connectors/ rest/
rest connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connectors/
connectors connect/kafka/ connect/group/ connect/store/ connect/task/ connect/worker.h connect/herder.h rest/
RULES
grep -n '#include "' connect/plugin.h && complain "connect/plugin.h includes only standard headers"

# 3. calls that have a better sister
grep -nE '\b(strcpy|strcat|sprintf|vsprintf|atoi|atol|atof|strtok|gets|localtime|gmtime|asctime|ctime)\(' "$@" |
    grep -vE ':[0-9]+: *(/?\*|//)' && complain "banned calls"

# 4. sizes: files up to 700 lines, functions up to 100
for file in "$@"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 700 ] || complain "$file has $lines lines"
done
awk 'FNR == 1 {start = 0}
     /^[a-zA-Z_].*\)[ \t]*\{$/ {start = FNR; name = $0}
     /^\}/ {if (start && FNR - start > 100) {printf "%s:%d %d lines: %s\n", FILENAME, start, FNR - start, name; bad = 1} start = 0}
     END {exit bad}' "$@" || complain "functions over 100 lines"

# 5. every header says what it is for, every source file has a role
for file in "$@"; do
    case $file in tests/* | examples/*) continue ;; esac
    head -n 1 "$file" | grep -qE '^(/\*|#ifndef)' || complain "$file does not begin with a comment"
done

# 6. clang-tidy
if [ "${TIDY:-1}" = 1 ]; then
    flags="-std=gnu17 -I. -D_GNU_SOURCE -DPCRE2_CODE_UNIT_WIDTH=8 $(pkg-config --cflags rdkafka libcjson libcurl check)"
    sources=$(printf '%s\n' "$@" | grep '\.c$' | grep -v '^tests/')
    printf '%s\n' $sources | xargs -P "$(nproc)" -n 8 sh -c 'flags=$1; shift; clang-tidy --quiet "$@" -- $flags 2>/dev/null' sh "$flags" |
        grep -E 'warning:|error:' && complain "clang-tidy"
fi
[ "$failed" = 0 ] && echo "style: ok"
exit $failed
