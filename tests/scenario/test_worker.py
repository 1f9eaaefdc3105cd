"""The worker itself: plugins from outside, files, two workers of a group, memory, clean stops, the demo."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time

from servers import eventually
from worker import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRING = "org.apache.kafka.connect.storage.StringConverter"


def test_hello_sink_from_plugin_path(make_worker, topics, unique, tmp_path):
    out = tmp_path / "hello.txt"
    worker = make_worker(plugin__path=ROOT / "examples" / "hello_sink")
    plugins = worker.rest("GET", "/connector-plugins")[1]
    hello = [p for p in plugins if "hello" in p["class"].lower()]
    assert len(hello) == 1 and hello[0]["type"] == "sink", plugins
    options = worker.rest("GET", f"/connector-plugins/{hello[0]['class']}/config")[1]
    assert any(o["name"] == "hello.file" for o in options), options
    t = topics.create(unique("t"))
    topics.produce(t, [(b"k", b"one"), (b"k", b"two")])
    worker.put("hello", {"connector.class": hello[0]["class"], "topics": t, "hello.file": str(out), "value.converter": STRING})
    worker.wait_state("hello", tasks=1)
    eventually("lines", lambda: out.exists() and out.read_text().count("\n") == 2)
    assert "one" in out.read_text() and "two" in out.read_text()


def test_file_stream_source_and_sink(worker, topics, unique, tmp_path):
    t = topics.create(unique("t"))
    inp, out = tmp_path / "in.txt", tmp_path / "out.txt"
    inp.write_text("".join(f"line {i}\n" for i in range(1000)))
    source, sink = unique("file-source"), unique("file-sink")
    worker.put(source, {"connector.class": "FileStreamSource", "file": str(inp), "topic": t, "value.converter": STRING})
    worker.put(sink, {"connector.class": "FileStreamSink", "file": str(out), "topics": t, "value.converter": STRING})
    eventually("lines through Kafka", lambda: out.exists() and out.read_text().count("\n") == 1000)
    assert out.read_text() == inp.read_text()
    eventually("offset stored", lambda: worker.rest("GET", f"/connectors/{source}/offsets")[1]["offsets"]
               == [{"partition": {"filename": str(inp)}, "offset": {"position": inp.stat().st_size}}])
    assert worker.rest("POST", f"/connectors/{source}/restart?includeTasks=true")[0] == 202
    with open(inp, "a") as f:
        f.write("one more\n")
    eventually("no line twice", lambda: out.read_text().endswith("one more\n"))
    assert out.read_text() == inp.read_text()
    worker.delete(source)
    worker.delete(sink)


LOG4J2 = """
Configuration:
  Appenders:
    File:
      - name: FILE
        fileName: "${{sys:kafka.logs.dir}}/connect.log"
        append: true
        PatternLayout:
          pattern: "[%d] %p %m (%c)%n"
  Loggers:
    Root:
      level: DEBUG
      AppenderRef:
        - ref: FILE
    Logger:
      - name: {quiet}
        level: ERROR
"""


def test_what_kafkas_system_tests_read(make_worker, topics, unique, tmp_path):
    """They give the worker a log4j2 configuration, wait for words in its log file, and take each line of the output for JSON."""
    quiet, log = "org.apache.kafka.clients.consumer.ConsumerConfig", tmp_path / "logs" / "connect.log"
    (tmp_path / "connect_log4j2.yaml").write_text(LOG4J2.format(quiet=quiet))
    worker = make_worker(env={"KAFKA_LOG4J_OPTS": f"-Dlog4j2.configurationFile=file:{tmp_path}/connect_log4j2.yaml", "LOG_DIR": str(log.parent)})
    words = ["Kafka version", "Joined group", "Starting connectors and tasks using config offset"]
    eventually("words in the log", lambda: all(w in log.read_text() for w in words), 30, worker.process)
    assert [log.read_text().index(w) for w in words] == sorted(log.read_text().index(w) for w in words)
    loggers = worker.rest("GET", "/admin/loggers")[1]
    assert loggers[quiet] == {"level": "ERROR", "last_modified": None}
    assert all(v == {"level": "DEBUG", "last_modified": None} for k, v in loggers.items() if k != quiet), loggers
    name, t = unique("verifiable"), topics.create(unique("t"))
    worker.put(name, {"connector.class": "org.apache.kafka.connect.tools.VerifiableSourceConnector", "topic": t, "throughput": "50"})
    eventually("commits told", lambda: '"committed":true' in worker.process.log.read_text(), 60, worker.process)
    worker.delete(name)
    assert worker.stop() == 0
    lines = [json.loads(line) for line in worker.process.log.read_text().splitlines()]
    assert {line["name"] for line in lines} == {name}


def test_two_workers_share_the_work(make_worker, topics, unique):
    group, t = unique("group"), topics.create(unique("t"), 4)
    a = make_worker(group=group)
    b = make_worker(group=group)
    a.put("sink", {"connector.class": "FileStreamSink", "topics": t, "tasks.max": "1", "file": "/dev/null", "value.converter": STRING})
    for i in range(4):
        a.put(f"sink{i}", {"connector.class": "FileStreamSink", "topics": t, "tasks.max": "1", "file": "/dev/null",
                           "value.converter": STRING})
    names = ["sink", *[f"sink{i}" for i in range(4)]]

    def owners():
        got = {}
        for n in names:
            s = b.status(n)
            if not s or s["connector"]["state"] != "RUNNING" or [x["state"] for x in s["tasks"]] != ["RUNNING"]:
                return None
            got[n] = (s["connector"]["worker_id"], s["tasks"][0]["worker_id"])
        return got
    got = eventually("all running", owners, 90, a.process)
    assert {w for pair in got.values() for w in pair} == {f"127.0.0.1:{a.port}", f"127.0.0.1:{b.port}"}
    # a follower relays to the leader
    for w in (a, b):
        assert w.rest("PUT", "/connectors/sink0/config", {**w.rest("GET", "/connectors/sink0/config")[1], "x": w.name})[0] == 200
        eventually("settled", lambda: a.rest("GET", "/connectors/sink0")[0] == b.rest("GET", "/connectors/sink0")[0] == 200)
    a.kill()
    left = f"127.0.0.1:{b.port}"
    eventually("the other takes over", lambda: (o := owners()) and {w for pair in o.values() for w in pair} == {left}, 90, b.process)


def test_idle_worker_is_small_and_quick(make_worker):
    begin = time.monotonic()
    worker = make_worker()
    took = time.monotonic() - begin
    rss = worker.process.memory_kib()
    print(f"ready after {took:.2f} s, RSS {rss / 1024:.1f} MiB")
    if "sanitize" not in os.environ.get("KCONNECTD", ""):
        assert "address" in BINARY or "thread" in BINARY or rss < 30 * 1024, f"{rss} KiB"
    assert worker.stop() == 0, worker.process.tail()


def test_sigterm_commits_what_was_done(make_worker, topics, unique, tmp_path):
    t = topics.create(unique("t"), 3)
    topics.produce(t, [(b"k%d" % i, b"v") for i in range(300)])
    out = tmp_path / "out.txt"
    worker = make_worker(offset__flush__interval__ms=60000)
    worker.put("sink", {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "value.converter": STRING})
    eventually("written", lambda: out.exists() and out.read_text().count("\n") == 300)
    assert worker.stop() == 0, worker.process.tail()
    assert sum(topics.committed("connect-sink", t, 3).values()) == 300
    worker.start()
    worker.wait_state("sink", tasks=1)
    topics.produce(t, [(b"k", b"last")])
    eventually("the new one only", lambda: out.read_text().count("\n") == 301)


def test_internal_topics_are_readable_by_kcat(worker, kafka, unique):
    """What Java workers and people's scripts read: plain JSON, no envelope."""
    name = unique("file-source")
    worker.put(name, {"connector.class": "FileStreamSource", "file": "/dev/null", "topic": unique("t"), "value.converter": STRING})
    worker.wait_state(name, tasks=1)
    group = next(line.split("=", 1)[1] for line in worker.properties.read_text().splitlines() if line.startswith("group.id="))

    def dump(topic):
        out = subprocess.run(["kcat", "-C", "-b", kafka.bootstrap, "-t", topic, "-e", "-q", "-f", "%k %s\\n"], capture_output=True,
                             text=True, timeout=30, check=True).stdout
        return dict(line.split(" ", 1) for line in out.splitlines() if name in line)
    configs = dump(f"{group}-configs")
    assert json.loads(configs[f"connector-{name}"])["properties"]["connector.class"] == "FileStreamSource"
    assert json.loads(configs[f"task-{name}-0"])["properties"]["task.class"] == "org.apache.kafka.connect.file.FileStreamSourceTask"
    assert json.loads(configs[f"commit-{name}"]) == {"tasks": 1}
    status = dump(f"{group}-status")
    assert json.loads(status[f"status-task-{name}-0"])["state"] == "RUNNING"
    worker.delete(name)


def test_demo(tmp_path):
    """`make demo` without its package installation: everything embedded, no Java."""
    if "-" in pathlib.Path(BINARY).parent.name or pathlib.Path(BINARY).parent.name in ("address", "thread"):
        return  # the demo runs the plain build
    done = subprocess.run([ROOT / "examples" / "demo" / "demo.sh"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" equal") >= 18, done.stdout
