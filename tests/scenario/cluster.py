"""Groups of workers that are disturbed, with traffic through them, and what must be true afterwards: every task runs exactly
once, nothing is lost between sources and sinks, and no sink's committed offset ever went back."""
from __future__ import annotations

import os
import pathlib
import random
import re
import struct
import threading
import time

from java_worker import told
from servers import eventually
from topics import Topics
from worker import Worker

# Members that die are missed after a second.
QUICK = {"session__timeout__ms": 1000, "heartbeat__interval__ms": 200, "rebalance__timeout__ms": 5000,
         "scheduled__rebalance__max__delay__ms": 0, "offset__flush__interval__ms": 100, "consumer__session__timeout__ms": 1000,
         "consumer__heartbeat__interval__ms": 200}
# FAULT_ROUNDS makes more of the tests, and repeats them within one run.
ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 0)
STRING = "org.apache.kafka.connect.storage.StringConverter"


def seed() -> random.Random:
    """FAULT_SEED repeats a run."""
    value = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**9))
    print(f"FAULT_SEED={value}", flush=True)
    return random.Random(value)


def gauge(worker: Worker, name: str) -> float:
    status, text, _ = worker.rest("GET", "/kconnect/metrics", timeout_s=5)
    if status != 200:
        raise ValueError(f"{status}: {text}")  # not up yet
    return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))


class Group:
    """Workers of one group, of either engine: the third may be a Java worker."""

    def __init__(self, make, group: str, engines: list[str], **settings):
        self.name, self.engines = group, engines
        self.workers = [make(group=group, start=False, **{**QUICK, **settings}) for _ in engines]
        for w in self.workers:
            self.start(w, wait=False)
        for w in self.workers:
            w.wait_healthy()

    def engine(self, worker: Worker) -> str:
        return self.engines[self.workers.index(worker)]

    def start(self, worker: Worker, wait: bool = True):
        if self.engine(worker) == "java":
            worker.start_as("java", wait)
        else:
            worker.start(wait)

    def natives(self) -> list[Worker]:
        return [w for w in self.workers if self.engine(w) != "java"]

    def leader(self) -> Worker:
        def find():
            if led := [w for w in self.natives() if gauge(w, "kafka_connect_worker_leader")]:
                return led[0]
            return next((w for w in self.workers if self.engine(w) == "java"), None)
        return eventually("a leader", find, 30)

    def converged(self, connectors: int, tasks: int, timeout_s: float = 60):
        """All run somewhere, and every worker runs what it is said to run and nothing more."""
        seen = None

        def probe():
            nonlocal seen
            of = {w: [gauge(w, f"kafka_connect_worker_{what}_count") for what in ("connector", "task")] for w in self.natives()}
            status, got, _ = self.workers[0].rest("GET", "/connectors?expand=status", timeout_s=10)
            seen = list(of.values()), got
            if status != 200:
                return False
            both = [[c["status"]["connector"] for c in got.values()], [t for c in got.values() for t in c["status"]["tasks"]]]
            if [len(x) for x in both] != [connectors, tasks] or {x["state"] for xs in both for x in xs} != {"RUNNING"}:
                return False
            return all(n == [sum(x["worker_id"] == f"127.0.0.1:{w.port}" for x in xs) for xs in both] for w, n in of.items())
        try:
            eventually(f"{connectors} connectors and {tasks} tasks once each", probe, timeout_s, every_s=0.1)
        except AssertionError as e:
            raise AssertionError(f"{e}\nlast seen: {seen}") from None


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


class Traffic:
    """Two tasks that count into a topic of three partitions and two that read it, and lines through a topic from one file into
    another: 4 connectors, 6 tasks. With exactly-once nothing may come twice."""

    connectors, tasks = 4, 6

    def __init__(self, workers: list[Worker], topics: Topics, folder: pathlib.Path, tag: str, exactly_once: bool = False,
                 throughput: int = 200):
        self.workers, self.topics, self.exactly_once = workers, topics, exactly_once
        self.names = {x: f"{x}-{tag}" for x in ("numbers", "verify", "lines", "copy")}
        self.inp, self.out, self.lines, self.calm = folder / f"in-{tag}.txt", folder / f"out-{tag}.txt", [], []
        self.counted, self.copied = topics.create(f"counted-{tag}", 3), topics.create(f"copied-{tag}", 1)
        self.inp.touch()
        self.numbers = {"connector.class": "VerifiableSource", "tasks.max": "2", "topic": self.counted, "throughput": str(throughput)}
        self.configs = {
            "numbers": self.numbers,
            "verify": {"connector.class": "VerifiableSink", "tasks.max": "2", "topics": self.counted},
            "lines": {"connector.class": "FileStreamSource", "file": str(self.inp), "topic": self.copied, "value.converter": STRING},
            "copy": {"connector.class": "FileStreamSink", "file": str(self.out), "topics": self.copied, "value.converter": STRING}}
        for stem, config in self.configs.items():
            workers[0].put(self.names[stem], config)

    def change(self, worker: Worker, **more):
        """Another configuration of what counts: its tasks stop and start in a rebalance."""
        patiently(worker, "PUT", f"/connectors/{self.names['numbers']}/config", {**self.numbers, **more})

    def write(self, count: int = 50):
        new = [f"line-{len(self.lines) + i}" for i in range(count)]
        with open(self.inp, "a") as f:
            f.writelines(x + "\n" for x in new)
        self.lines += new

    def be_calm(self, seconds: float = 0.3):
        """Nothing that is written from now on for a while may come twice."""
        begin, there = time.time(), self.topics.count(self.counted)
        time.sleep(seconds)
        eventually("more is counted", lambda: self.topics.count(self.counted) > there + 20, 30, every_s=0.2)
        self.calm.append((begin, time.time()))

    def copied_through(self, timeout_s: float = 60):
        """All lines that were written so far are in the other file."""
        eventually("all lines copied", lambda: set(self.out.read_text().split()) >= set(self.lines), timeout_s)

    def check(self):
        """To be called once the sources rest (`rest`)."""
        self.copied_through()
        got = self.out.read_text().split()
        assert list(dict.fromkeys(got)) == self.lines, "lines in another order, or foreign ones"
        written = self.topics.read(self.counted, 100)
        self.check_counted(written)
        if self.exactly_once:
            assert [m.value().decode() for m in self.topics.read(self.copied, len(self.lines))] == self.lines
        eventually("every record was flushed by the sink", lambda: self.flushed(written), 30)
        self.check_commits(written)

    def rest(self, group: Group, more: int = 0):
        """One more record of each counting task, and silence. `more` connectors with a task each run beside."""
        self.change(self.workers[0], throughput="0")
        group.converged(self.connectors + more, self.tasks + more)
        last = -1
        while last != (last := self.topics.count(self.counted)):
            time.sleep(0.5)

    def check_counted(self, written: list):
        by_task: dict[int, list[int]] = {}
        for m in written:
            by_task.setdefault(int(m.key()), []).append(int(m.value()))
        assert sorted(by_task) == [0, 1]
        for task, got in by_task.items():
            there = sorted(got) if self.exactly_once else sorted(set(got))
            assert there == list(range(max(got) + 1)), f"task {task} has gaps or repetitions"
        for begin, end in self.calm:  # nothing twice: no task ran twice
            window = [(m.key(), m.value()) for m in written if begin * 1000 < m.timestamp()[1] < end * 1000]
            assert len(window) == len(set(window)) and window

    def flushed(self, written: list) -> bool:
        seen: dict[int, set[int]] = {}
        by_value = {(int(m.key()), int(m.value()), m.offset()): m.partition() for m in written}
        for w in self.workers:
            for x in told(w):
                if x.get("flushed") and x.get("name") == self.names["verify"]:
                    seen.setdefault(by_value.get((int(x["task"]), x["seqno"], x["offset"])), set()).add(x["offset"])
        return all(seen.get(p) == {m.offset() for m in written if m.partition() == p} for p in {m.partition() for m in written})

    def check_commits(self, written: list):
        """The last offset that the sink's group has committed is behind the last record, and none before was greater than a later one."""
        ends: dict[int, int] = {}
        for m in written:
            ends[m.partition()] = max(ends.get(m.partition(), 0), m.offset() + 1)
        group = f"connect-{self.names['verify']}"
        eventually("offsets committed", lambda: all(self.topics.committed(group, self.counted, 3).get(p, 0) >= end
                                                    for p, end in ends.items()), 30)
        for p, history in commits(self.topics, group, self.counted).items():
            back = [(a, b) for a, b in zip(history, history[1:]) if b < a]
            assert not back, f"partition {p}: committed offsets went back: {back}"


def commits(topics: Topics, group: str, topic: str) -> dict[int, list[int]]:
    """All offsets a group has ever committed (the topic is not compacted within minutes), by partition."""
    found: dict[int, list[int]] = {}

    def text(raw: bytes, at: int) -> tuple[str, int]:
        size = struct.unpack_from(">h", raw, at)[0]
        return raw[at + 2:at + 2 + size].decode(), at + 2 + size
    for m in topics.read("__consumer_offsets", 1):
        if m.value() is None or struct.unpack_from(">h", m.key())[0] > 1:
            continue  # a group's own record
        of_group, at = text(m.key(), 2)
        of_topic, at = text(m.key(), at)
        if (of_group, of_topic) == (group, topic):
            found.setdefault(struct.unpack_from(">i", m.key(), at)[0], []).append(struct.unpack_from(">q", m.value(), 2)[0])
    return found
