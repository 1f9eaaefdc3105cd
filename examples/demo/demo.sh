#!/bin/sh
# Backs up two topics to an object store and restores them under new names, by nothing but curl against the worker.
#   demo.sh                                    everything embedded: no Kafka, no S3 server, no Java
#   demo.sh --kafka host:9092 --s3 http://…    the same on real ones (AWS_ACCESS_KEY_ID etc. from the environment,
#                                              S3_BUCKET=… for the bucket, which must exist; default kconnectd-demo)
set -eu
cd "$(dirname "$0")/../.."
kafka='' s3='' bucket=${S3_BUCKET:-kconnectd-demo} records=${RECORDS:-200}
while [ $# -gt 0 ]; do
    case $1 in
    --kafka) kafka=$2; shift 2 ;;
    --s3) s3=$2; shift 2 ;;
    *) echo "usage: demo.sh [--kafka HOST:PORT] [--s3 URL]" >&2; exit 2 ;;
    esac
done
daemon=build/kconnectd demo=build/demo
work=$(mktemp -d)
pid=''
cleanup() {
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
give_up() {
    echo "demo: $1" >&2
    [ ! -f "$work/worker.log" ] || tail -n 30 "$work/worker.log" >&2
    exit 1
}

# 1. a worker
if [ -z "$kafka" ]; then
    "$daemon" dev --rest 0 --data "$work/data" --topic source-topic-1:9 --topic source-topic-2:9 \
        --topic sink-topic-1:9 --topic sink-topic-2:9 >"$work/dev.out" 2>"$work/worker.log" &
    pid=$!
    for _ in $(seq 100); do
        grep -q '^REST:' "$work/dev.out" 2>/dev/null && break
        kill -0 "$pid" 2>/dev/null || give_up "the worker ended"
        sleep 0.1
    done
    kafka=$(sed -n 's/^Kafka: *//p' "$work/dev.out")
    rest=$(sed -n 's/^REST: *//p' "$work/dev.out")
else
    port=${REST_PORT:-18083}
    rest=http://127.0.0.1:$port
    sed -e "s|^bootstrap.servers=.*|bootstrap.servers=$kafka|" -e "s|^listeners=.*|listeners=http://127.0.0.1:$port|" \
        -e "s|^group.id=.*|group.id=kconnectd-demo|" -e "s|^\(.*\.storage\.topic\)=|\1=demo-|" \
        -e "s|^\(.*\.replication\.factor\)=.*|\1=-1|" examples/worker.properties >"$work/worker.properties"
    "$daemon" distributed "$work/worker.properties" >"$work/worker.log" 2>&1 &
    pid=$!
fi
if [ -z "$s3" ]; then
    mkdir -p "$work/store/$bucket"
    s3=file://$work/store
fi
for _ in $(seq 300); do
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$rest/health" || true)" = 200 ] && break
    kill -0 "$pid" 2>/dev/null || give_up "the worker ended"
    sleep 0.1
done
echo "Kafka at $kafka, REST at $rest, objects in $s3/$bucket"

# 2. data
"$demo" fill "$kafka" "$records"

# 3. the two connectors of examples/, with this store's address
prefix=topics-$(date +%s)
for name in s3-sink s3-source; do
    sed -e "s|\"store.url\": *\"[^\"]*\"|\"store.url\": \"$s3\"|" \
        -e "s|\"s3.bucket.name\": *\"[^\"]*\"|\"s3.bucket.name\": \"$bucket\"|" \
        -e "s|\"topics.dir\": *\"[^\"]*\"|\"topics.dir\": \"$prefix\"|" "examples/$name.json" >"$work/$name.json"
    echo "curl -X PUT -H 'Content-Type: application/json' -d @examples/$name.json $rest/connectors/$name/config"
    code=$(curl -s -o "$work/answer" -w '%{http_code}' -X PUT -H 'Content-Type: application/json' -d "@$work/$name.json" \
        "$rest/connectors/$name/config")
    case $code in 200 | 201) ;; *) give_up "PUT $name: $code $(cat "$work/answer")" ;; esac
done

# 4. the comparison decides
rc=0
"$demo" compare "$kafka" "${SECONDS_MAX:-45}" || rc=1
for name in s3-sink s3-source; do
    [ $rc = 0 ] || { curl -s "$rest/connectors/$name/status"; echo; }
    curl -s -X DELETE "$rest/connectors/$name" >/dev/null || true
done
[ $rc = 0 ] || give_up "source and sink topics differ"
echo "All records of both topics were restored, equal in key, value, headers, partition and order."
