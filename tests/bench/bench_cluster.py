"""The part `cluster` of `make bench`: a group of workers beside Java workers doing the same on the same broker, one after the other.

  join    three workers start at once with connectors that are there already; until all tasks run, evenly spread; total memory then
  status  many connectors on one worker: processor time of GET /connectors?expand=status
  idle    sink tasks that wait for records, with a partition each: memory and processor time

BENCH_CLUSTER=join,status,idle chooses parts. BENCH_CLUSTER_SCALE=0.1 is a tenth of everything, to try something out.
"""
from __future__ import annotations

import os
import pathlib
import time
from collections import Counter

from bench_rest import JARS, JavaWorker
from servers import eventually
from topics import Topics
from worker import Worker

SCALE = float(os.environ.get("BENCH_CLUSTER_SCALE", 1))
PARTS = os.environ.get("BENCH_CLUSTER", "join,status,idle").split(",")
WORKERS, JOIN_CONNECTORS, JOIN_TASKS = 3, max(3, int(100 * SCALE)), 2
STATUS_CONNECTORS, STATUS_REQUESTS = int(1000 * SCALE), 20
IDLE_TASKS, IDLE_TASKS_JAVA, IDLE_PER_CONNECTOR, IDLE_S = int(1000 * SCALE), int(200 * SCALE), 10, 10
SINK = "org.apache.kafka.connect.file.FileStreamSinkConnector"
SOURCE = "org.apache.kafka.connect.file.FileStreamSourceConnector"


def check_tools():
    if not (JARS / ".complete").exists():
        raise SystemExit("BENCH=cluster needs the Java worker: run `make bench`, or `make build/bench-worker-jars/.complete`")


def create(worker: Worker, count: int, config: dict, **more):
    for i in range(count):
        body = {"name": f"c{i}", "config": {**config, "file": "/dev/null"}, **more}
        status, got, _ = eventually("created", lambda: (r := worker.rest("POST", "/connectors", body))[0] != 409 and r, 60,
                                    worker.process)
        if status != 201:
            raise SystemExit(f"{worker.name}: connector {i}: {status} {got}")


def cpu_s(worker: Worker) -> float:
    """Of all its threads, to the nanosecond: what wakes up for a moment only is seldom caught by the clock's ticks."""
    try:
        times = [int(x.read_text().split()[0]) for x in pathlib.Path(f"/proc/{worker.process.popen.pid}/task").glob("*/schedstat")]
        return sum(times) / 1e9
    except (OSError, ValueError, IndexError):  # a kernel without it
        return worker.process.cpu_s()


def spread(worker: Worker, connectors: int, tasks: int) -> list[int] | None:
    """Tasks of each worker, when everything runs."""
    all_of_them = worker.rest("GET", "/connectors?expand=status")[1]
    statuses = [s["status"] for s in all_of_them.values()]
    running = Counter(t["worker_id"] for s in statuses for t in s["tasks"] if t["state"] == "RUNNING")
    if sum(s["connector"]["state"] == "RUNNING" for s in statuses) != connectors or sum(running.values()) != connectors * tasks:
        return None
    return sorted(running.values())


class Join:
    """How long a group takes from the start of its processes, and from their first answers, to work that runs evenly everywhere."""

    def __init__(self, kind, folder: pathlib.Path, bootstrap: str, name: str):
        group = f"bench-{name}"
        Topics(bootstrap).create(group, JOIN_TASKS)
        self.workers = [kind(folder / f"{name}{i}", bootstrap, group, f"{name}{i}", scheduled__rebalance__max__delay__ms=0)
                        for i in range(WORKERS)]
        first = self.workers[0].start()
        create(first, JOIN_CONNECTORS, {"connector.class": SINK, "tasks.max": str(JOIN_TASKS), "topics": group})
        eventually("all run on one", lambda: spread(first, JOIN_CONNECTORS, JOIN_TASKS), 120, first.process, every_s=0.5)
        time.sleep(5)  # the consumers' groups settle: members that are cut off while they join would be waited for
        first.stop()

    def run(self) -> tuple[float, float, float]:
        begin = time.monotonic()
        for w in self.workers:
            w.start(wait=False)
        for w in self.workers:
            eventually("answers", lambda: w.rest("GET", "/", timeout_s=5)[0] == 200, 120, w.process)
        up_s = time.monotonic() - begin

        def even():
            counts = spread(self.workers[0], JOIN_CONNECTORS, JOIN_TASKS)
            return counts and len(counts) == WORKERS and counts[-1] - counts[0] <= 1
        try:
            eventually("all run, evenly", even, 240, self.workers[0].process, every_s=0.1)
            took_s = time.monotonic() - begin
            time.sleep(2)
            return took_s, took_s - up_s, sum(w.process.memory_kib() for w in self.workers) / 1024
        finally:
            for w in self.workers:
                w.kill()


def join(bootstrap: str, folder: pathlib.Path):
    ours = Join(Worker, folder, bootstrap, "join").run()
    theirs = Join(JavaWorker, folder, bootstrap, "join-java").run()
    title = f"{WORKERS} workers, {JOIN_CONNECTORS} connectors of {JOIN_TASKS} tasks"
    print(f"\n{title:<45}{'kconnectd':>12}{'Java':>12}{'ratio':>8}{'goal':>8}")
    for name, a, b, goal in zip(["start to all running, s", "  of it after all answer GET /, s", "memory of all workers, MiB"],
                                ours, theirs, ["3", "", "10"]):
        print(f"{name:<45}{a:>12.2f}{b:>12.2f}{b / max(a, 0.01):>8.1f}{goal:>8}", flush=True)


def status(bootstrap: str, folder: pathlib.Path):
    w = Worker(folder / "status", bootstrap, "bench-status", "status").start()
    try:
        create(w, STATUS_CONNECTORS, {"connector.class": SOURCE, "tasks.max": "1", "topic": "t"}, initial_state="STOPPED")
        eventually("all are there", lambda: len(w.rest("GET", "/connectors?expand=status")[1]) == STATUS_CONNECTORS, 60, w.process)
        time.sleep(1)
        begin = cpu_s(w)
        for _ in range(STATUS_REQUESTS):
            w.rest("GET", "/connectors?expand=status")
        cpu_ms = (cpu_s(w) - begin) * 1000 / STATUS_REQUESTS
        print(f"\nGET /connectors?expand=status of {STATUS_CONNECTORS} connectors: {cpu_ms:.1f} ms of CPU (goal: 200)", flush=True)
    finally:
        w.kill()


def measure_idle(worker: Worker, topics: Topics, tasks: int) -> tuple[float, float, int]:
    """MiB and threads while the tasks wait, and per cent of a core."""
    topic, connectors = f"idle-{worker.name}", max(1, tasks // IDLE_PER_CONNECTOR)
    topics.create(topic, IDLE_PER_CONNECTOR)
    worker.start()
    try:
        create(worker, connectors, {"connector.class": SINK, "tasks.max": str(IDLE_PER_CONNECTOR), "topics": topic})
        eventually("all run", lambda: spread(worker, connectors, IDLE_PER_CONNECTOR), 240, worker.process, every_s=0.5)
        time.sleep(10)  # the consumers' groups settle
        begin, at = cpu_s(worker), time.monotonic()
        time.sleep(IDLE_S)
        percent = 100 * (cpu_s(worker) - begin) / (time.monotonic() - at)
        return worker.process.memory_kib() / 1024, percent, worker.process.memory_kib("Threads")
    finally:
        worker.kill()


def idle(bootstrap: str, folder: pathlib.Path):
    topics = Topics(bootstrap)
    print(f"\n{'idle sink tasks':<20}{'tasks':>8}{'MiB':>10}{'KiB/task':>12}{'% of a core':>14}{'threads':>10}")
    for kind, name, tasks in ((Worker, "kconnectd", IDLE_TASKS), (Worker, "kconnectd-few", IDLE_TASKS_JAVA),
                              (JavaWorker, "Java", IDLE_TASKS_JAVA)):
        worker = kind(folder / name, bootstrap, f"bench-idle-{name}", name, offset__flush__interval__ms=60000)
        mib, percent, threads = measure_idle(worker, topics, tasks)
        print(f"{name:<20}{tasks:>8}{mib:>10.1f}{mib * 1024 / max(tasks, 1):>12.0f}{percent:>14.2f}{threads:>10}", flush=True)
    print("(goals for 1000 tasks: 400 MiB, 2 % of a core)")


def compare(bootstrap: str, folder: pathlib.Path):
    for part in PARTS:
        {"join": join, "status": status, "idle": idle}[part](bootstrap, folder)
