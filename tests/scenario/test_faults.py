"""Stores, brokers and data that misbehave: nothing is lost, and what cannot be done says why."""
from __future__ import annotations

import json
import socket
import subprocess
import time

import pytest
from backup import JSON_FORMAT, PARTITIONS, Backup, sink_config, source_config
from faulty_s3 import FaultyS3
from servers import Kafka, eventually, free_port
from topics import Topics, by_partition
from worker import BINARY


@pytest.fixture
def faulty(s3):
    proxy = FaultyS3(s3.port)
    yield proxy
    proxy.shutdown()


@pytest.mark.parametrize("method,fault,count", [("PUT", "500", 4), ("PUT", "503", 4), ("POST", "500", 3), ("PUT", "silence", 1)])
def test_sink_survives_a_store_that_fails_for_a_while(worker, topics, bucket, unique, faulty, method, fault, count):
    backup = Backup(topics, "-" + unique("s"))
    faulty.fail(method, fault, count)
    backup.produce(10)
    sink = unique("s3-sink")
    worker.put(sink, sink_config(bucket, backup.sources, store__url=faulty.url, s3__retry__backoff__ms="50"))
    want = {f"topics/{t}/partition={p}/{t}+{p}+0000000000.json" for t in backup.sources for p in range(PARTITIONS)}
    eventually("objects", lambda: want <= set(bucket.keys()), 120, every_s=0.5)
    if method == "PUT":
        assert faulty.hits.get(fault, 0) > 0
    for key in want:
        assert bucket.get(key).count(b"\n") == 10
    worker.delete(sink)


@pytest.mark.parametrize("fault,count", [("truncate", 6), ("503", 6), ("silence", 1)])
def test_source_survives_a_store_that_fails_for_a_while(worker, topics, bucket, unique, faulty, fault, count):
    t = topics.create(unique("t"))
    want = [json.dumps({"i": i}, separators=(",", ":")).encode() for i in range(300)]

    def put(begin: int, end: int):
        bucket.put(f"topics/{t}/partition=0/{t}+0+{begin:010d}.json", b"".join(w + b"\n" for w in want[begin:end]))
    put(0, 100)
    config = source_config(bucket, "", store__url=faulty.url, store__kafka__keys="auto", store__kafka__headers="auto",
                           s3__retry__backoff__ms="50")
    name = unique("s3-source")
    worker.put(name, config)
    topics.read(t, 100, 60)
    faulty.fail("GET", fault, count)  # listings and objects alike
    put(100, 200)
    put(200, 300)
    got = topics.read(t, 300, 120)
    assert [m.value() for m in got] == want
    assert faulty.hits[fault] > 0
    worker.delete(name)


def test_missing_bucket_is_named(worker, topics, bucket, unique):
    t = topics.create(unique("t"))
    missing = unique("no-such-bucket")
    name = unique("s3-sink")
    worker.put(name, sink_config(bucket, [t], s3__bucket__name=missing))
    topics.produce(t, [(b"k", b"{}", [("h", b"v")])])
    assert missing in worker.wait_task_failed(name)
    worker.delete(name)


def test_wrong_secret_is_refused_clearly(worker, topics, bucket, unique):
    t = topics.create(unique("t"))
    name = unique("s3-sink")
    worker.put(name, sink_config(bucket, [t], aws__access__key__id="AKIAWRONG", aws__secret__access__key="wrong-secret-text"))
    topics.produce(t, [(b"k", b"{}", [("h", b"v")])])
    trace = worker.wait_task_failed(name)
    assert bucket.name in trace and "wrong-secret-text" not in trace
    worker.delete(name)


def test_record_that_is_not_json_stops_the_task_there(worker, topics, bucket, unique):
    t = topics.create(unique("t"))
    topics.produce(t, [(b"k", b"{\"i\":%d}" % i, [("h", b"v")]) for i in range(10)])
    name = unique("s3-sink")
    worker.put(name, sink_config(bucket, [t], tasks__max="1"))
    eventually("first file", lambda: any(k.endswith("0000000000.json") for k in bucket.keys()))
    topics.produce(t, [(b"k", b"{}", [("h", b"v")]), (b"k", b"not json", [("h", b"v")]), (b"k", b"{}", [("h", b"v")])])
    trace = worker.wait_task_failed(name)
    assert t in trace and "partition" in trace and "11" in trace, trace
    assert topics.committed(f"connect-{name}", t, 1).get(0, 0) <= 11
    # repaired: bad records are skipped on request and nothing else is lost
    worker.put(name, sink_config(bucket, [t], tasks__max="1", errors__tolerance="all"))
    worker.rest("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")
    worker.wait_state(name, tasks=1)
    value_keys = lambda: [k for k in bucket.keys() if k.endswith(".json") and ".keys." not in k and ".headers." not in k]  # noqa: E731
    eventually("the good ones", lambda: sum(bucket.get(k).count(b"\n") for k in value_keys()) == 12)
    worker.delete(name)


def test_object_that_is_not_json_is_named(worker, topics, bucket, unique):
    t = topics.create(unique("t"))
    key = f"topics/{t}/partition=0/{t}+0+0000000000.json"
    bucket.put(key, b"{\"ok\":1}\nnot json\n")
    name = unique("s3-source")
    worker.put(name, source_config(bucket, "", store__kafka__keys="auto", store__kafka__headers="auto"))
    assert key in worker.wait_task_failed(name)
    assert topics.count(t) == 1
    worker.delete(name)


def test_broker_down_at_start_and_restarted_midway(folder, unique, bucket, make_worker):
    """The worker starts first, says what it waits for, and goes through a broker restart without loss."""
    kafka = Kafka(folder / unique("late"))
    kafka.stop()
    worker = make_worker(bootstrap=kafka.bootstrap, start=False)
    worker.start(wait=False)
    status, body, _ = eventually("REST up", lambda: worker.rest("GET", "/health", timeout_s=20), 30, worker.process)
    assert status == 503 and body["status"] == "starting"
    time.sleep(2)
    kafka.start()
    worker.wait_healthy()
    topics = Topics(kafka.bootstrap)
    backup = Backup(topics, "-x")
    backup.produce(10)
    worker.put("s3-sink", sink_config(bucket, backup.sources))
    worker.put("s3-source", source_config(bucket, "-x"))
    eventually("some objects", lambda: bucket.keys(), 60)
    kafka.stop()
    time.sleep(3)
    kafka.start()
    backup.produce(10)
    backup.check_restored(by_partition, 120, duplicates=True)
    assert worker.stop(60) == 0, worker.process.tail()
    kafka.stop()


def test_rest_port_in_use(folder, kafka, unique, make_worker):
    worker = make_worker(start=False)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", worker.port))
        taken.listen()
        done = subprocess.run([BINARY, "distributed", worker.properties], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if str(worker.port) in line and "Address already in use" in line]
    assert len(lines) == 1, done.stderr


def test_worker_file_problems(tmp_path):
    done = subprocess.run([BINARY, "distributed", tmp_path / "none.properties"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "none.properties" in done.stderr
    file = tmp_path / "w.properties"
    converter = "org.apache.kafka.connect.json.JsonConverter"
    file.write_text(f"bootstrap.servers=127.0.0.1:{free_port()}\ngroup.id=g\nkey.converter={converter}\nvalue.converter={converter}\n"
                    "config.storage.topic=c\noffset.storage.topic=o\nstatus.storage.topic=s\nsession.timeout.ms=soon\n")
    done = subprocess.run([BINARY, "distributed", file], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "Invalid value soon for configuration session.timeout.ms" in done.stderr, done.stderr


def test_group_survives_a_silent_store(worker, topics, bucket, unique, faulty):
    """A worker whose task waits for S3 goes on answering REST."""
    t = topics.create(unique("t"))
    faulty.fail("PUT", "silence", 2)
    name = unique("s3-sink")
    worker.put(name, sink_config(bucket, [t], store__url=faulty.url, format__class=JSON_FORMAT))
    topics.produce(t, [(b"k", b"{}", [("h", b"v")])] * 10)
    eventually("silence", lambda: faulty.hits.get("silence"), 60)
    for _ in range(10):
        begin = time.monotonic()
        assert worker.rest("GET", "/connectors")[0] == 200
        assert time.monotonic() - begin < 10
    worker.delete(name)
