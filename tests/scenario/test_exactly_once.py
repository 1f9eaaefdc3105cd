"""Exactly-once sources on a real broker: whatever is killed, a reader of committed records sees every line once. The seed is
printed; EOS_SEED repeats one, EOS_KILLS=50 makes more of it."""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import time

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from java_worker import EitherWorker
from servers import Kafka, eventually

KILLS = int(os.environ.get("EOS_KILLS") or 3)
EOS = {"exactly__once__source__support": "enabled"}
# Whoever is killed is missed soon, also by himself when he comes back.
SHORT = {"session__timeout__ms": 2000, "heartbeat__interval__ms": 500}


def seed() -> random.Random:
    value = int(os.environ.get("EOS_SEED") or random.SystemRandom().randrange(10**9))
    print(f"EOS_SEED={value}")
    return random.Random(value)


def read(bootstrap: str, topic: str, committed: bool = True) -> list:
    """All (key, value) of a topic, partition by partition."""
    c = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False, "enable.partition.eof": True,
                  "fetch.wait.max.ms": 10, "isolation.level": "read_committed" if committed else "read_uncommitted"})
    try:
        partitions = list(c.list_topics(topic, 20).topics[topic].partitions)
        got = {p: [] for p in partitions}
        c.assign([TopicPartition(topic, p, 0) for p in partitions])
        ends = set()
        while len(ends) < len(partitions):
            m = c.poll(10)
            if m is None:
                raise AssertionError(f"{topic} cannot be read")
            if m.error():
                ends.add(m.partition())
            else:
                got[m.partition()].append((m.key(), m.value()))
        return [kv for p in partitions for kv in got[p]]
    finally:
        c.close()


def lines(bootstrap: str, topic: str, committed: bool = True) -> list[str]:
    return [json.loads(value) for _, value in read(bootstrap, topic, committed)]


def file_source(file: pathlib.Path, topic: str, **more) -> dict:
    return {"connector.class": "FileStreamSource", "tasks.max": "1", "file": str(file), "topic": topic,
            "exactly.once.support": "required", **{k.replace("__", "."): v for k, v in more.items()}}


class Growing:
    """A file that gets lines, and what they are."""

    def __init__(self, file: pathlib.Path):
        self.file, self.lines = file, []
        file.touch()

    def add(self, count: int):
        new = [f"line-{len(self.lines) + i}" for i in range(count)]
        with open(self.file, "a") as out:
            out.write("".join(line + "\n" for line in new))
        self.lines += new


def expect_all(bootstrap: str, topic: str, want: list[str], worker, timeout_s: float = 90):
    def there():
        return len(lines(bootstrap, topic)) >= len(want)
    eventually(f"{len(want)} lines in {topic}", there, timeout_s, worker.process, every_s=0.5)
    got = lines(bootstrap, topic)
    assert got == want, f"{len(got)} lines instead of {len(want)}, {len(set(got))} different ones"


def latest(bootstrap: str, topic: str, name: str) -> bytes | None:
    """The last committed offset of connector `name` in an offsets topic."""
    values = [value for key, value in read(bootstrap, topic) if json.loads(key)[0] == name]
    return values[-1] if values else None


def test_killed_workers(kafka, make_worker, unique, folder):
    """One of two workers is killed at random moments, the leader as well as the one with the task."""
    rnd = seed()
    group, name, topic = unique("eos"), unique("growing"), unique("lines")
    settings = {**EOS, **SHORT, "scheduled__rebalance__max__delay__ms": 0}
    workers = [make_worker(group=group, **settings) for _ in range(2)]
    source = Growing(folder / f"{name}.txt")
    workers[0].put(name, file_source(source.file, topic, batch__size="7"))
    workers[0].wait_state(name, tasks=1)
    for _ in range(KILLS):
        source.add(300)
        time.sleep(rnd.uniform(0, 2))
        victim = rnd.choice(workers)
        victim.kill()
        source.add(200)
        time.sleep(rnd.uniform(0, 1))
        victim.start()
    expect_all(kafka.bootstrap, topic, source.lines, workers[0], 120)
    assert json.loads(latest(kafka.bootstrap, f"{group}-offsets", name)) == {"position": source.file.stat().st_size}


class Mixed:
    """A group of Java workers and workers of the daemon, killed at random while two connectors write: the lines of a growing file
    (one task), and numbers (a changing number of tasks, whose predecessors must be fenced)."""

    FAST = {"session__timeout__ms": 6000, "heartbeat__interval__ms": 500, "rebalance__timeout__ms": 10000,
            "scheduled__rebalance__max__delay__ms": 0, "plugin__discovery": "service_load"}

    def __init__(self, folder: pathlib.Path, broker: Kafka, unique, rnd: random.Random, engines: list[str]):
        group, self.broker, self.rnd, self.engines = unique("eos"), broker, rnd, engines
        self.workers = [EitherWorker(folder / unique(f"{engine}{i}"), broker.bootstrap, group, engine, **EOS, **self.FAST)
                        for i, engine in enumerate(engines)]
        self.topic, self.numbers, self.offsets = unique("lines"), unique("numbers"), f"{group}-offsets"
        self.source, self.round, self.mended, self.kills = Growing(folder / f"{unique('mixed')}.txt"), 0, 0, []
        for i in range(len(engines)):
            self.start(i)

    def start(self, i: int):
        self.workers[i].start_as(self.engines[i], wait=False)

    def living(self) -> list[EitherWorker]:
        return [w for w in self.workers if not w.process.exited()]

    def configure(self, worker: EitherWorker):
        """Tasks of a new generation, those of numbers one more or fewer."""
        self.round += 1
        tasks = str(self.rnd.randint(1, 4))
        for name, config in (("lines", file_source(self.source.file, self.topic, batch__size=str(500 + self.round))),
                             ("numbers", {"connector.class": "VerifiableSource", "tasks.max": tasks, "topic": self.numbers,
                                          "throughput": "40"})):
            def accepted():  # whatever happens to the leader meanwhile
                status, answer, _ = worker.rest("PUT", f"/connectors/{name}/config", config)
                assert status in (200, 201), answer
                return True
            eventually(f"PUT {name}", accepted, 90, worker.process, every_s=0.2)

    def kill(self, i: int):
        self.kills.append(f"{self.engines[i]}{' leading' if self.leads(i) else ''}")
        self.workers[i].kill()

    def leads(self, i: int) -> bool:
        """A Java worker leads when nobody else says that he does."""
        def says(w: EitherWorker) -> bool:
            try:
                return "\nkafka_connect_worker_leader 1" in w.rest("GET", "/kconnect/metrics", timeout_s=5)[1]
            except (OSError, TypeError):
                return False
        if self.engines[i] != "java":
            return says(self.workers[i])
        return not any(says(w) for w, engine in zip(self.workers, self.engines) if engine != "java" and not w.process.exited())

    def restart_broker(self):
        self.kills.append("broker")
        self.broker.kill()
        self.source.add(50)
        time.sleep(self.rnd.uniform(0, 2))
        self.broker.start()

    def mend(self):
        """A task of a Java worker fails for good when the leader dies that it asks to fence its predecessors, or the broker in the
        middle of a transaction: somebody restarts it. Tasks of the daemon do not fail."""
        java = [f"127.0.0.1:{w.port}" for w, engine in zip(self.workers, self.engines) if engine == "java"]
        worker = self.living()[0]
        for name in ("lines", "numbers"):
            for t in (worker.status(name) or {"tasks": []})["tasks"]:
                # (more tasks than tasks.max: between a new configuration and its tasks)
                if t["state"] == "FAILED" and "TooManyTasksException" not in t["trace"] and time.monotonic() > self.mended + 5:
                    assert t["worker_id"] in java, t["trace"]
                    self.mended = time.monotonic()
                    self.kills.append(f"(restarted {name}-{t['id']})")
                    worker.rest("POST", f"/connectors/{name}/tasks/{t['id']}/restart", timeout_s=10)

    def expect_lines(self, timeout_s: float = 120):
        def there():
            self.mend()
            return len(lines(self.broker.bootstrap, self.topic)) >= len(self.source.lines)
        eventually("all lines", there, timeout_s, every_s=0.5)
        expect_all(self.broker.bootstrap, self.topic, self.source.lines, self.living()[0])

    def expect_numbers(self, worker: EitherWorker):
        """Once all is at rest: every task's numbers in their order, the last of them the committed offset."""
        eventually("stopped", lambda: worker.rest("PUT", "/connectors/numbers/stop")[0] == 204, 60, worker.process)
        eventually("no tasks", lambda: worker.status("numbers")["tasks"] == [], 60, worker.process)
        got: dict[int, list[int]] = {}
        for key, value in read(self.broker.bootstrap, self.numbers):
            got.setdefault(json.loads(key), []).append(json.loads(value))
        assert got and all(numbers == list(range(len(numbers))) for numbers in got.values()), got
        offsets = {json.loads(key)[1]["id"]: json.loads(value)["seqno"]
                   for key, value in read(self.broker.bootstrap, self.offsets) if json.loads(key)[0] == "numbers"}
        assert offsets == {task: len(numbers) - 1 for task, numbers in got.items()}

    def end(self):
        """Tells what can explain a failure, and ends everybody."""
        print(f"killed: {self.kills}")
        for w in self.workers:
            if w.process and not w.process.exited():
                with contextlib.suppress(OSError):
                    print(w.name, w.rest("GET", "/connectors?expand=status", timeout_s=5)[:2])
                w.kill()
            lines = w.process.log.read_text(errors="replace").splitlines() if w.process else []
            print("\n".join([x for x in lines if not x.startswith(("\t", "{"))][-40:]))


def test_both_engines(folder, kafka, unique):
    """A Java worker and this one in one group: each leads once and is killed then, each runs the tasks, fenced by the other.
    With EOS_KILLS=50 there are three workers, and after the first two everything happens at random, the broker's death as well."""
    rnd, proof = seed(), KILLS >= 10
    broker = Kafka(folder, unique("broker"), apart=True) if proof else kafka
    mixed = Mixed(folder, broker, unique, rnd, ["java", "kconnectd", "kconnectd"] if proof else ["java", "kconnectd"])
    kills = KILLS if proof else 2
    broken = rnd.sample(range(2, kills), kills // 10)
    try:
        for w in mixed.workers:
            w.wait_healthy(240)
        mixed.configure(mixed.workers[0])
        mixed.source.add(100)
        mixed.expect_lines()
        for n in range(kills):
            victim = n if n < 2 else rnd.randrange(len(mixed.workers))
            mixed.source.add(100)
            time.sleep(rnd.uniform(0, 2))
            mixed.kill(victim)
            mixed.source.add(100)
            if n < 2 or rnd.random() < 0.3:
                mixed.expect_lines()  # by the others
            if n in broken:
                mixed.restart_broker()
            time.sleep(rnd.uniform(0, 3) if n >= 2 else 0)
            mixed.start(victim)
            if n < 2 or rnd.random() < 0.5:
                mixed.workers[victim].wait_healthy(240)
                mixed.configure(mixed.workers[victim])
                time.sleep(rnd.uniform(0, 4) if n >= 2 else 0)
        mixed.source.add(100)
        for w in mixed.workers:
            w.wait_healthy(240)
        mixed.expect_lines()
        mixed.expect_numbers(mixed.workers[0])
    finally:
        mixed.end()
        if proof:
            broker.stop()


def test_killed_broker(make_worker, unique, folder):
    """The broker dies in the middle of transactions and comes back: the task goes on by itself."""
    rnd = seed()
    broker = Kafka(folder, unique("broker"), apart=True)
    try:
        name, topic = unique("growing"), unique("lines")
        worker = make_worker(bootstrap=broker.bootstrap, **EOS)
        source = Growing(folder / f"{name}.txt")
        source.add(1000)
        worker.put(name, file_source(source.file, topic, batch__size="5"))
        eventually("some lines", lambda: len(lines(broker.bootstrap, topic)) > 100, 60, worker.process)
        for _ in range(max(1, KILLS // 10)):
            time.sleep(rnd.uniform(0, 0.5))
            broker.kill()
            source.add(1000)
            broker.start()
            expect_all(broker.bootstrap, topic, source.lines, worker, 120)
        assert worker.status(name)["tasks"][0]["state"] == "RUNNING"
        worker.stop()
    finally:
        broker.stop()


def test_own_offsets_topic(kafka, make_worker, unique, folder):
    """Offsets go to the connector's own topic, with a copy in the worker's; what is altered there counts at the next start."""
    group, name, topic = unique("eos"), unique("own"), unique("lines")
    worker = make_worker(group=group, **EOS)
    source = Growing(folder / f"{name}.txt")
    source.add(3)
    worker.put(name, file_source(source.file, topic, offsets__storage__topic=f"{name}-offsets"))
    expect_all(kafka.bootstrap, topic, source.lines, worker)
    for offsets in (f"{name}-offsets", f"{group}-offsets"):
        eventually(offsets, lambda: latest(kafka.bootstrap, offsets, name) == b'{"position":21}', 20, worker.process)
    assert worker.rest("PUT", f"/connectors/{name}/stop")[0] == 204
    eventually("no tasks", lambda: worker.status(name)["tasks"] == [], 30, worker.process)
    body = {"offsets": [{"partition": {"filename": str(source.file)}, "offset": {"position": 14}}]}
    status, answer, _ = worker.rest("PATCH", f"/connectors/{name}/offsets", body)
    assert status == 200, answer
    assert worker.rest("GET", f"/connectors/{name}/offsets")[1] == body
    assert latest(kafka.bootstrap, f"{name}-offsets", name) == latest(kafka.bootstrap, f"{group}-offsets", name) == b'{"position":14}'
    fencings = [json.loads(value) for key, value in read(kafka.bootstrap, f"{group}-configs") if key == f"tasks-fencing-{name}".encode()]
    assert fencings == [{"task-count": 1}, {"task-count": 0}]
    assert worker.rest("PUT", f"/connectors/{name}/resume")[0] == 202
    expect_all(kafka.bootstrap, topic, source.lines + source.lines[2:], worker)
    assert worker.rest("PUT", f"/connectors/{name}/stop")[0] == 204
    eventually("no tasks", lambda: worker.status(name)["tasks"] == [], 30, worker.process)
    assert worker.rest("DELETE", f"/connectors/{name}/offsets")[0] == 200
    assert worker.rest("GET", f"/connectors/{name}/offsets")[1] == {"offsets": []}


def test_regular_tasks_have_own_offsets_topics_too(kafka, make_worker, unique, folder):
    group, name, topic = unique("plain"), unique("own"), unique("lines")
    worker = make_worker(group=group, **SHORT)
    source = Growing(folder / f"{name}.txt")
    source.add(3)
    config = file_source(source.file, topic, offsets__storage__topic=f"{name}-offsets", exactly__once__support="requested")
    worker.put(name, config)
    for offsets in (f"{name}-offsets", f"{group}-offsets"):
        eventually(offsets, lambda: latest(kafka.bootstrap, offsets, name) == b'{"position":21}', 20, worker.process)
    worker.kill()
    worker.start()
    source.add(2)
    expect_all(kafka.bootstrap, topic, source.lines, worker)


def test_zombies_are_fenced(kafka, make_worker, unique):
    """Tasks of older configurations that live on somewhere cannot write any more once new ones are to start."""
    tasks = 3
    group, name = unique("eos"), unique("many")
    worker = make_worker(group=group, **EOS)
    config = {"connector.class": "org.apache.kafka.connect.tools.VerifiableSourceConnector", "tasks.max": str(tasks),
              "topic": unique("t"), "throughput": "5"}
    worker.put(name, config)
    worker.wait_state(name, tasks=tasks)
    assert worker.rest("PUT", f"/connectors/{name}/stop")[0] == 204
    eventually("no tasks", lambda: worker.status(name)["tasks"] == [], 30, worker.process)
    zombies = [Producer({"bootstrap.servers": kafka.bootstrap, "transactional.id": f"{group}-{name}-{i}"}) for i in range(tasks)]
    topic = unique("zombie")
    for zombie in zombies:
        zombie.init_transactions(20)
        zombie.begin_transaction()
        zombie.produce(topic, b"late")
        zombie.flush(20)
    worker.put(name, {**config, "tasks.max": "1"})
    assert worker.rest("PUT", f"/connectors/{name}/resume")[0] == 202
    worker.wait_state(name, tasks=1)
    for zombie in zombies:
        with pytest.raises(KafkaException):
            zombie.commit_transaction(20)
    assert read(kafka.bootstrap, topic) == []
    fencings = [json.loads(value) for key, value in read(kafka.bootstrap, f"{group}-configs") if key == f"tasks-fencing-{name}".encode()]
    assert fencings == [{"task-count": tasks}, {"task-count": 1}]


def test_an_own_offsets_topic_that_cannot_be_used(worker, topics, unique, folder):
    """Then the connector fails, as in Java, and has no tasks."""
    for what, topic in {"is required to have 'cleanup.policy=compact'": topics.create(unique("wrong"), 1, cleanup_policy="delete"),
                        "Topic name is invalid: 'a b'": "a b"}.items():
        name, source = unique("own"), Growing(folder / f"{unique('own')}.txt")
        worker.put(name, file_source(source.file, unique("t"), exactly__once__support="requested", offsets__storage__topic=topic))
        worker.wait_state(name, "FAILED", 0)
        assert what in worker.status(name)["connector"]["trace"]
        worker.delete(name)


def test_preparing_comes_before_enabled(make_worker, topics, unique, folder):
    """Only the leader writes in transactions while a group prepares; then tasks do, from where they were."""
    group, name, topic = unique("eos"), unique("lines"), unique("lines")
    source = Growing(folder / f"{name}.txt")
    for support in ("preparing", "enabled"):
        worker = make_worker(group=group, exactly__once__source__support=support)
        source.add(3)
        worker.put(name, file_source(source.file, topic, exactly__once__support="requested"))
        expect_all(topics.bootstrap, topic, source.lines, worker)
        # The end of a transaction takes an offset of its own.
        assert topics.count(f"{group}-configs") > len(read(topics.bootstrap, f"{group}-configs"))
        assert (topics.count(topic) > len(source.lines)) == (support == "enabled")
        assert worker.stop() == 0
