"""The part `cluster` of `make bench`: a group of workers beside Java workers doing the same on the same broker, one after the other.

  join    three workers start at once with connectors that are there already; until all tasks run, evenly spread; total memory then
  status  many connectors on one worker: processor time of GET /connectors?expand=status

BENCH_CLUSTER=join,status chooses parts. BENCH_CLUSTER_SCALE=0.1 is a tenth of everything, to try something out.
"""
from __future__ import annotations

import os
import pathlib
import time
from collections import Counter

from bench_rest import JARS, JavaWorker
from servers import Process, eventually
from topics import Topics
from worker import Worker

SCALE = float(os.environ.get("BENCH_CLUSTER_SCALE", 1))
PARTS = os.environ.get("BENCH_CLUSTER", "join,status").split(",")
WORKERS, JOIN_CONNECTORS, JOIN_TASKS = 3, max(3, int(100 * SCALE)), 2
STATUS_CONNECTORS, STATUS_REQUESTS = int(1000 * SCALE), 20
SINK = "org.apache.kafka.connect.file.FileStreamSinkConnector"
SOURCE = "org.apache.kafka.connect.file.FileStreamSourceConnector"


def check_tools():
    if not (JARS / ".complete").exists():
        raise SystemExit("BENCH=cluster and BENCH=idle need the Java worker: run `make bench`, or `make build/bench-worker-jars/.complete`")


def create(worker: Worker, count: int, config: dict, **more):
    for i in range(count):
        body = {"name": f"c{i}", "config": {**config, "file": "/dev/null"}, **more}
        status, got, _ = eventually("created", lambda: (r := worker.rest("POST", "/connectors", body))[0] != 409 and r, 60,
                                    worker.process)
        if status != 201:
            raise SystemExit(f"{worker.name}: connector {i}: {status} {got}")


def cpu_s(process: Process) -> float:
    """Of all its threads, to the nanosecond: what wakes up for a moment only is seldom caught by the clock's ticks."""
    try:
        times = [int(x.read_text().split()[0]) for x in pathlib.Path(f"/proc/{process.popen.pid}/task").glob("*/schedstat")]
        return sum(times) / 1e9
    except (OSError, ValueError, IndexError):  # a kernel without it
        return process.cpu_s()


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
        begin = cpu_s(w.process)
        for _ in range(STATUS_REQUESTS):
            w.rest("GET", "/connectors?expand=status")
        cpu_ms = (cpu_s(w.process) - begin) * 1000 / STATUS_REQUESTS
        print(f"\nGET /connectors?expand=status of {STATUS_CONNECTORS} connectors: {cpu_ms:.1f} ms of CPU (goal: 200)", flush=True)
    finally:
        w.kill()


def compare(bootstrap: str, folder: pathlib.Path):
    for part in PARTS:
        {"join": join, "status": status}[part](bootstrap, folder)
