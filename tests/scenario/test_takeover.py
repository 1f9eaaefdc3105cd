"""A Java worker and this one take turns on the same internal topics, or the same offsets file: nothing is lost, and after a clean
stop nothing comes twice."""
from __future__ import annotations

import json
import subprocess

import pytest
from java_worker import EitherWorker, Standalone, stop, told
from servers import eventually
from worker import BINARY

STRING = "org.apache.kafka.connect.storage.StringConverter"
TURNS = ["java", "kconnectd", "java", "kconnectd"]


@pytest.fixture
def either(folder, kafka, unique):
    w = EitherWorker(folder / unique("either"), kafka.bootstrap, unique("group"), scheduled__rebalance__max__delay__ms=0,
                     offset__flush__interval__ms=500, plugin__discovery="service_load", offset__storage__partitions=5)
    yield w
    if w.process and not w.process.exited():
        w.kill()


def seqnos(topics, topic: str) -> dict[int, list[int]]:
    """By task, in the order of the topic."""
    found: dict[int, list[int]] = {}
    for m in topics.read(topic, 0, 20):
        found.setdefault(int(m.key()), []).append(int(m.value()))
    return found


def test_a_cluster_changes_hands_twice(either, topics, unique, tmp_path):
    w, lines, numbers = either, topics.create(unique("lines")), topics.create(unique("numbers"), 2)
    inp, out = tmp_path / "in.txt", tmp_path / "out.txt"
    inp.write_text("")
    configs = {
        "file-source": {"connector.class": "FileStreamSource", "file": str(inp), "topic": lines, "value.converter": STRING},
        "file-sink": {"connector.class": "FileStreamSink", "file": str(out), "topics": lines, "value.converter": STRING},
        "numbers": {"connector.class": "VerifiableSource", "tasks.max": "2", "topic": numbers, "throughput": "200"},
        "verify": {"connector.class": "VerifiableSink", "tasks.max": "2", "topics": numbers},
        "paused": {"connector.class": "SchemaSource", "topic": lines, "num.messages": "5", "throughput": "5"},
    }
    expected, sent = [], 0
    for turn, engine in enumerate(TURNS):
        w.start_as(engine)
        if turn == 0:
            for name, config in configs.items():
                w.put(name, config if name != "paused" else {**config, "transforms": "f", "transforms.f.type": "Filter",
                                                             "topic": unique("nothing")})
            w.wait_state("paused")
            assert w.rest("PUT", "/connectors/paused/pause")[0] == 202
        for name in list(configs)[:4]:
            w.wait_state(name, tasks=int(configs[name].get("tasks.max", 1)))
        w.wait_state("paused", "PAUSED", 1)
        assert w.rest("GET", "/connectors/verify/config")[1] == {**configs["verify"], "name": "verify"}
        new = [f"{turn}-{i}" for i in range(50)]
        with open(inp, "a") as f:
            f.writelines(x + "\n" for x in new)
        expected += new
        eventually("lines through Kafka", lambda: out.exists() and out.read_text().split() == expected, 30, w.process)
        eventually("numbers go on", lambda: topics.count(numbers) > sent + 100, 30, w.process)
        stop(w, engine)
        sent = topics.count(numbers)
    assert [m.value().decode() for m in topics.read(lines, len(expected))] == expected

    by_task = seqnos(topics, numbers)
    assert sorted(by_task) == [0, 1]
    for got in by_task.values():
        assert sorted(got) == list(range(len(got)))  # no gap, nothing twice
    said = told(w)  # of all four
    made = {(x["task"], x["seqno"]) for x in said if x.get("name") == "numbers" and not x.get("committed")}
    committed = {(x["task"], x["seqno"]) for x in said if x.get("name") == "numbers" and x.get("committed")}
    received = [(int(x["task"]), x["seqno"]) for x in said if x.get("name") == "verify" and not x.get("flushed")]
    flushed = {(int(x["task"]), x["seqno"]) for x in said if x.get("name") == "verify" and x.get("flushed")}
    written = {(t, n) for t, got in by_task.items() for n in got}
    assert written == committed and written <= made
    # The last worker may have stopped before its sink had read the last numbers.
    assert len(received) == len(set(received)) and set(received) <= written and flushed == set(received)
    for t, got in by_task.items():
        of_task = sorted(n for task, n in received if task == t)
        assert of_task == list(range(len(of_task))) and len(of_task) > 200, t


def test_an_offsets_file_changes_hands_twice(folder, kafka, topics, unique, tmp_path):
    inp, offsets, t = tmp_path / "in.txt", tmp_path / "offsets", topics.create(unique("lines"))
    numbers = topics.create(unique("numbers"))
    inp.write_text("")
    source, counter = tmp_path / "source.properties", tmp_path / "counter.json"
    source.write_text(f"name=file\nconnector.class=FileStreamSource\nfile={inp}\ntopic={t}\n")
    counter.write_text(json.dumps({"name": "counter", "config": {"connector.class": "VerifiableSource", "topic": numbers,
                                                                 "throughput": 100}}))
    w, expected, sent = Standalone(folder / unique("either"), kafka.bootstrap, offsets, [source, counter]), [], 0
    try:
        for turn, engine in enumerate(TURNS[:3]):
            w.start_as(engine)
            w.wait_state("file", tasks=1)
            w.wait_state("counter", tasks=1)
            new = [f"{turn}-{i}" for i in range(20)]
            with open(inp, "a") as f:
                f.writelines(x + "\n" for x in new)
            expected += new
            eventually("lines in Kafka", lambda: topics.count(t) == len(expected), 30, w.process)
            eventually("numbers go on", lambda: topics.count(numbers) > sent + 50, 30, w.process)
            eventually("position", lambda: w.rest("GET", "/connectors/file/offsets")[1]["offsets"]
                       == [{"partition": {"filename": str(inp)}, "offset": {"position": inp.stat().st_size}}], 30, w.process)
            stop(w, engine)
            sent = topics.count(numbers)
    finally:
        if not w.process.exited():
            w.kill()
    assert [m.value().decode() for m in topics.read(t, len(expected))] == expected
    got = sorted(int(m.value()) for m in topics.read(numbers, sent))
    assert got == list(range(len(got)))
    assert {x["seqno"] for x in told(w) if x.get("committed")} == set(got)


# ---- standalone by itself ------------------------------------------------------------------------------------------------

def run_standalone(tmp_path, kafka, *files, timeout_s=60, **settings):
    """To its end; (exit status, what it logged)."""
    w = Standalone(tmp_path / "run", kafka.bootstrap, tmp_path / "offsets", files, **settings)
    done = subprocess.run([BINARY, "standalone", w.properties, *files], capture_output=True, text=True, timeout=timeout_s)
    return done.returncode, done.stderr


def test_exit_statuses(tmp_path, kafka, unique):
    bad, damaged = tmp_path / "bad.json", tmp_path / "offsets"
    assert run_standalone(tmp_path, kafka, tmp_path / "none.properties")[0] == 3
    bad.write_text('{"connector.class": "FileStreamSink"}')
    status, log = run_standalone(tmp_path, kafka, bad)
    assert status == 3 and f"Connector configuration at '{bad}' is missing the mandatory 'name' configuration" in log
    bad.write_text(json.dumps({"name": "x", "config": {"connector.class": "FileStreamSource", "tasks.max": "0"}}))
    status, log = run_standalone(tmp_path, kafka, bad)
    assert status == 3 and "Stopping after connector error" in log and 'Missing required configuration "topic"' in log
    status, log = run_standalone(tmp_path, kafka, offset__flush__interval__ms="soon")
    assert status == 2 and "Invalid value soon for configuration offset.flush.interval.ms" in log
    damaged.write_bytes(b"\xac\xed\x00\x05cut")
    status, log = run_standalone(tmp_path, kafka)
    assert status == 3 and f"The offsets file {damaged} cannot be used" in log


def test_only_json_on_the_standard_output(tmp_path, kafka, topics, unique):
    """And group.protocol=consumer in an override is taken with a warning; signals end it cleanly."""
    t = topics.create(unique("t"))
    for name, config in (("source", {"connector.class": "org.apache.kafka.connect.tools.VerifiableSourceConnector", "topic": t,
                                     "throughput": "50"}),
                         ("sink", {"connector.class": "org.apache.kafka.connect.tools.VerifiableSinkConnector", "topics": t,
                                   "consumer.override.group.protocol": "consumer"})):
        (tmp_path / f"{name}.json").write_text(json.dumps({"name": name, **config}))
    w = Standalone(tmp_path / "run", kafka.bootstrap, tmp_path / "offsets", [])
    out, log = tmp_path / "out", tmp_path / "log"
    with open(out, "wb") as o, open(log, "wb") as e:
        p = subprocess.Popen([BINARY, "standalone", w.properties, tmp_path / "source.json", tmp_path / "sink.json"], stdout=o, stderr=e)
    try:
        eventually("records through Kafka", lambda: out.read_text().count('"flushed":true') > 20, 60)
        p.terminate()
        assert p.wait(30) == 0, log.read_text()
    finally:
        p.kill()
    rows = [json.loads(x) for x in out.read_text().splitlines()]
    assert {x["name"] for x in rows} == {"source", "sink"}
    assert "group.protocol=consumer is not supported: the classic protocol is used" in log.read_text()
