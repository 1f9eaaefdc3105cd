"""Backup and restore by curl: the whole path, then its variants."""
from __future__ import annotations

import gzip
import json

import pytest
from backup import BYTES, BYTES_FORMAT, JSON_FORMAT, PARTITIONS, Backup, sink_config, source_config
from servers import eventually
from topics import by_partition


def wait_backed_up(bucket, backup, records_of=lambda data: data.count(b"\n"), suffix=".json"):
    """Until the value objects hold every record."""
    want = sum(backup.total(s) for s in backup.sinks)

    def complete():
        keys = [k for k in bucket.keys("topics/") if k.endswith(suffix) and ".keys." not in k and ".headers." not in k]
        return sum(records_of(bucket.get(k)) for k in keys) >= want
    eventually("backup complete", complete, 90, every_s=0.5)


def test_two_topics_come_back_under_new_names(worker, topics, bucket, unique):
    backup = Backup(topics, "-" + unique("a"))
    backup.produce(25)
    sink, source = unique("s3-sink"), unique("s3-source")
    created = worker.put(sink, sink_config(bucket, backup.sources))
    assert created["name"] == sink and created["type"] == "sink"
    worker.wait_state(sink, tasks=2)
    wait_backed_up(bucket, backup)
    first = f"topics/{backup.sources[0]}/partition=0/{backup.sources[0]}+0+0000000000"
    keys = bucket.keys(first)
    assert keys == [first + ".headers.json", first + ".json", first + ".keys.json"]
    lines = bucket.get(first + ".json").decode().splitlines()
    assert len(lines) == 10 and json.loads(lines[3]) == json.loads(backup.sent[backup.sinks[0]][0][3][1])
    worker.put(source, source_config(bucket, backup.sources[0].removeprefix("source-topic-1")))
    worker.wait_state(source, tasks=2)
    backup.check_restored(by_partition)
    eventually("sink offsets committed", lambda: topics.committed(f"connect-{sink}", backup.sources[0], PARTITIONS)
               == {p: 25 for p in range(PARTITIONS)}, 30)
    offsets = worker.rest("GET", f"/connectors/{source}/offsets")[1]["offsets"]
    assert {o["partition"]["folder"] for o in offsets} == {f"topics/{t}/partition={p}/" for t in backup.sources
                                                           for p in range(PARTITIONS)}
    worker.delete(sink)
    worker.delete(source)


@pytest.mark.parametrize("format,extension,compression", [(JSON_FORMAT, ".json", "gzip"), (BYTES_FORMAT, ".bin", "none"),
                                                          (BYTES_FORMAT, ".bin", "gzip")])
def test_formats_and_compression(worker, topics, bucket, unique, format, extension, compression):
    backup = Backup(topics, "-" + unique("f"))
    backup.produce(7)
    sink, source = unique("s3-sink"), unique("s3-source")
    value = {"value__converter": BYTES} if format == BYTES_FORMAT else {}
    worker.put(sink, sink_config(bucket, backup.sources, format__class=format, s3__compression__type=compression, **value))
    gz = compression == "gzip"
    wait_backed_up(bucket, backup, lambda d: (gzip.decompress(d) if gz else d).count(b"\n"), extension + (".gz" if gz else ""))
    worker.put(source, source_config(bucket, backup.sources[0].removeprefix("source-topic-1"), format__class=format,
                                     format__bytearray__separator="\\n", **value))
    backup.check_restored(by_partition)
    worker.delete(sink)
    worker.delete(source)


def test_a_directory_is_an_object_store_too(worker, topics, bucket, unique, folder):
    root = folder / unique("store")
    (root / bucket.name).mkdir(parents=True)
    backup = Backup(topics, "-" + unique("d"))
    backup.produce(5)
    sink, source = unique("s3-sink"), unique("s3-source")
    worker.put(sink, sink_config(bucket, backup.sources, store__url=f"file://{root}"))
    worker.put(source, source_config(bucket, backup.sources[0].removeprefix("source-topic-1"), store__url=f"file://{root}"))
    backup.check_restored(by_partition)
    name = backup.sources[0]
    assert (root / bucket.name / f"topics/{name}/partition=0/{name}+0+0000000000.json").exists()
    worker.delete(sink)
    worker.delete(source)


def test_pause_resume_restart_delete(worker, topics, bucket, unique):
    backup = Backup(topics, "-" + unique("p"))
    backup.produce(3)
    sink = unique("s3-sink")
    worker.put(sink, sink_config(bucket, backup.sources))
    worker.wait_state(sink, tasks=2)
    wait_backed_up(bucket, backup)
    assert worker.rest("PUT", f"/connectors/{sink}/pause")[0] == 202
    worker.wait_state(sink, "PAUSED", tasks=2)
    before = bucket.keys()
    backup.produce(3)
    assert worker.rest("PUT", f"/connectors/{sink}/resume")[0] == 202
    worker.wait_state(sink, "RUNNING", tasks=2)
    wait_backed_up(bucket, backup)
    assert set(before) < set(bucket.keys())
    assert worker.rest("POST", f"/connectors/{sink}/restart")[0] == 204
    status, body, _ = worker.rest("POST", f"/connectors/{sink}/restart?includeTasks=true")
    assert status == 202 and body["connector"]["state"] == "RESTARTING"
    worker.wait_state(sink, "RUNNING", tasks=2)
    assert worker.rest("POST", f"/connectors/{sink}/tasks/1/restart")[0] == 204
    worker.wait_state(sink, "RUNNING", tasks=2)
    backup.produce(3)
    wait_backed_up(bucket, backup)
    assert worker.rest("PUT", f"/connectors/{sink}/stop")[0] == 204
    eventually("stopped", lambda: worker.status(sink) and worker.status(sink)["connector"]["state"] == "STOPPED"
               and worker.status(sink)["tasks"] == [], 30)
    assert worker.rest("DELETE", f"/connectors/{sink}")[0] == 204
    eventually("gone", lambda: worker.rest("GET", f"/connectors/{sink}/status")[0] == 404, 30)
    assert worker.rest("GET", f"/connectors/{sink}")[0] == 404


def test_any_objects_in_generic_mode(worker, topics, bucket, unique):
    app, db = topics.create(unique("app"), 3), topics.create(unique("db"))
    lines = {f"logs/app/{n}.json": [{"app": n, "i": i} for i in range(5)] for n in range(12)}
    lines["logs/db/a.json.gz"] = [{"db": 1}]
    for key, records in lines.items():
        text = "".join(json.dumps(r) + "\n" for r in records).encode()
        bucket.put(key, gzip.compress(text) if key.endswith(".gz") else text)
    bucket.put("logs/app/readme.txt", b"not a record")
    bucket.put("logs/other/1.json", b'{"other":1}\n')
    source = unique("generic")
    config = {**source_config(bucket, ""), "mode": "GENERIC", "topics.dir": "logs", "key.converter": BYTES,
              "topic.regex.list": f"{app}:.*/app/.*,{db}:.*/db/.*"}
    worker.put(source, {k: v for k, v in config.items() if not k.startswith("transforms")})

    def values(topic: str, count: int) -> list[str]:
        got = topics.read(topic, count, settle_s=1)
        assert {m.key() for m in got} == {None}
        return sorted(m.value().decode() for m in got)

    def as_sent(part: str) -> list[str]:
        return sorted(json.dumps(r, separators=(",", ":")) for k, rs in lines.items() if part in k for r in rs)
    assert values(app, 60) == as_sent("/app/")
    assert values(db, 1) == as_sent("/db/")
    worker.rest("PUT", f"/connectors/{source}/stop")
    eventually("offsets of every object", lambda: {o["partition"]["file"]: o["offset"]["eof"] for o in worker.rest(
        "GET", f"/connectors/{source}/offsets")[1]["offsets"]} == dict.fromkeys(lines, "true"))
    lines["logs/app/0-late.json"] = [{"app": "late", "i": 0}]  # before others that were read
    bucket.put("logs/app/0-late.json", b'{"app":"late","i":0}\n')
    worker.rest("PUT", f"/connectors/{source}/resume")
    assert values(app, 61) == as_sent("/app/")
    worker.delete(source)
