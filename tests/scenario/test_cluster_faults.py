"""What goes wrong in a cluster: workers killed or stopped in the middle of everything, foreign records in the config topic, wrong
topics, peers that are slow or away. Afterwards every task runs exactly once, and neither topics nor committed offsets have gaps."""
from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from java_worker import told
from servers import eventually, free_port, http
from worker import BINARY, Worker

# Members that die are missed after a second.
QUICK = {"session__timeout__ms": 1000, "heartbeat__interval__ms": 200, "rebalance__timeout__ms": 5000,
         "scheduled__rebalance__max__delay__ms": 0, "offset__flush__interval__ms": 100, "consumer__session__timeout__ms": 1000,
         "consumer__heartbeat__interval__ms": 200}
STRING = "org.apache.kafka.connect.storage.StringConverter"


def gauge(worker: Worker, name: str) -> float:
    status, text, _ = worker.rest("GET", "/kconnect/metrics", timeout_s=5)
    if status != 200:
        raise ValueError(f"{status}: {text}")  # not up yet
    return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))


class Group:
    def __init__(self, make_worker, group: str, count: int):
        self.workers = [make_worker(group=group, start=False, **QUICK) for _ in range(count)]
        for w in self.workers:
            w.start(wait=False)
        for w in self.workers:
            w.wait_healthy()

    def leader(self) -> Worker:
        return eventually("a leader", lambda: next((w for w in self.workers if gauge(w, "kafka_connect_worker_leader")), None), 30)

    def converged(self, connectors: int, tasks: int):
        """All run somewhere, and nothing more runs than there is."""
        def probe():
            counts = [sum(gauge(w, f"kafka_connect_worker_{what}_count") for w in self.workers) for what in ("connector", "task")]
            got = self.workers[0].rest("GET", "/connectors?expand=status", timeout_s=10)[1]
            states = [s["state"] for c in got.values() for s in (c["status"]["connector"], *c["status"]["tasks"])]
            return counts == [connectors, tasks] and len(states) == connectors + tasks and set(states) == {"RUNNING"}
        eventually(f"{connectors} connectors and {tasks} tasks once each", probe, 60)


def in_background(f):
    def quietly():
        try:
            f()
        except Exception:  # the worker that was asked may be the one that dies
            pass
    t = threading.Thread(target=quietly, daemon=True)
    t.start()
    return t


def patiently(worker: Worker, method: str, path: str, body=None, wanted=range(200, 300)):
    """Again until the group has a leader that can be reached."""
    eventually(f"{method} {path}", lambda: worker.rest(method, path, body, timeout_s=10)[0] in wanted, 30)


def test_killed_in_the_middle_of_everything(make_worker, topics, unique):
    t = topics.create(unique("numbers"), 3)
    group = Group(make_worker, unique("group"), 3)
    numbers = {"connector.class": "VerifiableSource", "tasks.max": "2", "topic": t, "throughput": "200"}
    group.workers[0].put("numbers", numbers)
    group.workers[0].put("verify", {"connector.class": "VerifiableSink", "tasks.max": "2", "topics": t})
    idle, calm = {"connector.class": "MockSource"}, []

    def put(worker, name, config):
        worker.rest("PUT", f"/connectors/{name}/config", config, timeout_s=5)

    # What goes on while the victim dies. None: just commits, ten a second.
    acts = [lambda w: put(w, "idle", idle),
            lambda w: w.rest("POST", "/connectors/numbers/restart?includeTasks=true", timeout_s=5),
            lambda w: put(w, "numbers", {**numbers, "extra": str(len(calm))}),  # stops and starts tasks in a rebalance
            None,
            lambda w: [put(w, "numbers", {**numbers, "extra": f"{len(calm)}-{i}"}) for i in range(20)]]
    group.converged(2, 4)
    for n, act in enumerate(acts):
        for role in ("leader", "follower", "stopped follower")[:2 if act else 3]:
            leader = group.leader()
            others = [w for w in group.workers if w is not leader]
            victim, witness = (leader, others[0]) if role == "leader" else (others[0], leader)
            asked = in_background(lambda: act(witness)) if act else None
            time.sleep(0.02 * (len(calm) % 4))
            if role == "stopped follower":  # fenced: it gives up its tasks before it does anything else
                victim.process.popen.send_signal(signal.SIGSTOP)
                time.sleep(2.5)
                victim.process.popen.send_signal(signal.SIGCONT)
            else:
                victim.kill()
                victim.start(wait=False)
            if asked:
                asked.join(60)
            if n == 0:  # the creation may have died with its leader
                patiently(witness, "PUT", "/connectors/idle/config", idle)
            group.converged(3, 5)
            begin = time.time()
            time.sleep(0.3)
            calm.append((begin, time.time()))
            if n == 0:
                patiently(witness, "DELETE", "/connectors/idle")
                group.converged(2, 4)
        if n == 0:
            patiently(witness, "PUT", "/connectors/idle/config", idle)
            group.converged(3, 5)
    group.workers[0].put("numbers", {**numbers, "throughput": "0"})  # one more record each
    group.converged(3, 5)
    written = topics.read(t, 100)
    by_task: dict[int, list[int]] = {}
    for m in written:
        by_task.setdefault(int(m.key()), []).append(int(m.value()))
    for task, got in by_task.items():
        assert sorted(set(got)) == list(range(max(got) + 1)), f"task {task} has gaps"
    for begin, end in calm:  # nothing twice: no task ran twice
        window = [(m.key(), m.value()) for m in written if begin * 1000 < m.timestamp()[1] < end * 1000]
        assert len(window) == len(set(window)) and window

    def flushed():
        seen: dict[int, set[int]] = {}
        by_value = {(int(m.key()), int(m.value()), m.offset()): m.partition() for m in written}
        for w in group.workers:
            for x in told(w):
                if x.get("flushed"):
                    seen.setdefault(by_value.get((int(x["task"]), x["seqno"], x["offset"])), set()).add(x["offset"])
        return all(seen.get(p) == {m.offset() for m in written if m.partition() == p} for p in {m.partition() for m in written})
    eventually("every record was flushed by the sink", flushed, 30)


def test_foreign_records_in_the_config_topic(make_worker, topics, unique, tmp_path):
    """Named in the log once, skipped, while running and at the next start."""
    group, out = unique("group"), tmp_path / "out.txt"
    w, t = make_worker(group=group, **QUICK), topics.create(unique("t"))
    w.put("sink", {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "value.converter": STRING})
    w.wait_state("sink", tasks=1)
    garbage = [(b"connector-x", b"\xff\x00not json"), (b"connector-y", b'["a list"]'), (b"commit-sink", b'{"tasks":"many"}'),
               (b"task-sink-zero", b"{}"), (b"who-knows", b"{}"), (b"", b""), (b"target-state-sink", b'{"state":7}'),
               (b"session-key", b'{"key":"???"}'), (b"restart-connector-sink", b"[]")]
    topics.produce(f"{group}-configs", garbage)
    topics.produce(t, [(None, b"one")])
    eventually("the sink works", lambda: out.exists() and out.read_text() == "one\n", 30, w.process)
    w.put("sink2", {"connector.class": "FileStreamSink", "topics": t, "file": "/dev/null", "value.converter": STRING})
    w.wait_state("sink2", tasks=1)
    assert sorted(w.rest("GET", "/connectors")[1]) == ["sink", "sink2"]
    log = w.process.log.read_text(errors="replace")
    for key in ("connector-x", "connector-y", "commit-sink", "who-knows"):
        assert len([x for x in log.splitlines() if "ERROR" in x and f"{key}" in x]) == 1, key
    assert w.stop() == 0
    w.start()
    w.wait_state("sink", tasks=1)
    w.wait_state("sink2", tasks=1)
    assert sorted(w.rest("GET", "/connectors")[1]) == ["sink", "sink2"]


@pytest.mark.parametrize("which", ["config", "offset", "status"])
def test_a_topic_that_is_not_compacted_is_refused(make_worker, topics, unique, which):
    group = unique("group")
    name = topics.create(f"{group}-{which}s" if which != "status" else f"{group}-status", 1, cleanup_policy="delete")
    w = make_worker(group=group, start=False)
    done = subprocess.run([BINARY, "distributed", w.properties], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr  # Java's herder thread ends the process the same way
    assert f"Topic '{name}' supplied via the '{which}.storage.topic' property is required to have 'cleanup.policy=compact'" in done.stderr


def test_two_clusters_with_one_set_of_topics(make_worker, unique, topics, tmp_path):
    """By mistake: both run everything. Neither falls over, and once the mistake is mended the rest goes on."""
    one, two = unique("one"), unique("two")
    shared = {f"{x}__storage__topic": f"{one}-{x}" for x in ("config", "offset", "status")}
    a, b = make_worker(group=one, **shared, **QUICK), make_worker(group=two, **shared, **QUICK)
    t, out = topics.create(unique("t")), tmp_path / "out.txt"
    a.put("sink", {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "value.converter": STRING})
    for w in (a, b):
        eventually("known to both", lambda: gauge(w, "kafka_connect_worker_connector_count") == 1, 30, w.process)
        assert w.rest("GET", "/health")[0] == 200
    assert b.stop() == 0
    # Two leaders may have written task configurations across each other: then no task runs until they are made again. And the last
    # word on statuses, or a tombstone, may be the other cluster's.
    assert a.rest("POST", "/connectors/sink/restart")[0] == 204
    patiently(a, "POST", "/connectors/sink/restart?includeTasks=true")
    a.wait_state("sink", tasks=1)
    topics.produce(t, [(None, b"%d" % i) for i in range(20)])
    eventually("lines", lambda: out.exists() and sorted(map(int, out.read_text().split())) == list(range(20)), 30, a.process)


class SlowDoor(threading.Thread):
    """Passes connections on to a port, what clients send after a while."""

    def __init__(self, to_port: int):
        super().__init__(daemon=True)
        self.to_port, self.delay_s, self.server = to_port, 0.0, socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.to_port))
        threading.Thread(target=self.copy, args=(client, server, True), daemon=True).start()
        self.copy(server, client, False)

    def copy(self, a, b, slowly: bool):
        while data := a.recv(65536):
            time.sleep(self.delay_s if slowly else 0)
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)


def test_leader_that_is_slow_or_cannot_be_reached(make_worker, unique):
    group = unique("group")
    leader = make_worker(group=group, start=False, **QUICK)
    door = SlowDoor(leader.port)
    text = leader.properties.read_text()
    leader.properties.write_text(f"{text}rest.advertised.port={door.port}\n")
    leader.start()
    follower = make_worker(group=group, **QUICK)
    config = {"connector.class": "MockSource"}
    follower.put("mock", config)
    door.delay_s = 2
    begin = time.monotonic()
    assert follower.rest("PUT", "/connectors/mock/config", {**config, "extra": "1"})[0] == 200
    assert time.monotonic() - begin > 2
    assert http("GET", follower.url + "/connectors", timeout_s=2)[0] == 200  # the others need not wait
    door.delay_s = 0
    leader.wait_state("mock", tasks=1)
    assert leader.stop() == 0
    eventually("the other leads", lambda: gauge(follower, "kafka_connect_worker_leader") == 1, 30, follower.process)

    away = make_worker(group=group, start=False, **QUICK)
    away.properties.write_text(f"{away.properties.read_text()}rest.advertised.port={free_port()}\n")
    away.start()
    assert follower.stop() == 0
    eventually("leads", lambda: gauge(away, "kafka_connect_worker_leader") == 1, 30, away.process)
    follower.start()
    status, body, _ = follower.rest("PUT", "/connectors/mock/config", config)
    assert status == 500 and body["message"].startswith("IO Error trying to forward REST request: "), body
    away.wait_state("mock", tasks=1)
