"""The part `idle` of `make bench`: sink tasks that wait for records, a partition each, beside as many bare librdkafka consumers
(bench_idle.c) and beside the Java worker's, one after the other on the same broker: memory, processor time, and how often their
threads wake. All of them have the settings they come with.

BENCH_IDLE=bare,kconnectd,Java chooses some of them, BENCH_IDLE_TASKS=1000,200 their numbers (Java has the last one only).
"""
from __future__ import annotations

import os
import pathlib
import re
import time

from bench_cluster import SINK, cpu_s, create, spread
from bench_rest import JavaWorker
from servers import Process, eventually
from topics import Topics
from worker import Worker

KINDS = os.environ.get("BENCH_IDLE", "bare,kconnectd,Java").split(",")
TASKS = [int(n) for n in os.environ.get("BENCH_IDLE_TASKS", "1000,200").split(",")]
PER_CONNECTOR, SETTLE_S, MEASURE_S = 10, 40, 20  # groups settle, then consumers become calm (connect/kafka/calm.h)


def wakes(process: Process) -> int:
    """How often all its threads have waited for something."""
    total = 0
    for status in pathlib.Path(f"/proc/{process.popen.pid}/task").glob("*/status"):
        try:
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read_text(), re.M)[1])
        except OSError:
            pass  # the thread has ended
    return total


def measure(name: str, process: Process, tasks: int):
    time.sleep(SETTLE_S)
    cpu, woken, at = cpu_s(process), wakes(process), time.monotonic()
    time.sleep(MEASURE_S)
    took_s = time.monotonic() - at
    percent, per_task = 100 * (cpu_s(process) - cpu) / took_s, (wakes(process) - woken) / took_s / tasks
    mib = process.memory_kib() / 1024
    print(f"{name:<26}{tasks:>8}{mib:>10.1f}{mib * 1024 / tasks:>12.0f}{percent:>14.2f}{per_task:>16.1f}"
          f"{process.memory_kib('Threads'):>10}", flush=True)


def bare(folder: pathlib.Path, bootstrap: str, programs: pathlib.Path, topic: str, tasks: int):
    process = Process(f"bare-{tasks}", [programs / "bench_idle", bootstrap, topic, tasks, PER_CONNECTOR], folder)
    try:
        eventually("all have partitions", lambda: "ready" in process.log.read_text(), 240, process, every_s=0.5)
        measure("bare librdkafka consumers", process, tasks)
    finally:
        process.kill()


def worker(kind, folder: pathlib.Path, bootstrap: str, name: str, topic: str, tasks: int):
    w = kind(folder / f"{name}-{tasks}", bootstrap, f"bench-idle-{name}-{tasks}", f"{name}-{tasks}", offset__flush__interval__ms=60000)
    connectors = max(1, tasks // PER_CONNECTOR)
    w.start()
    try:
        create(w, connectors, {"connector.class": SINK, "tasks.max": str(PER_CONNECTOR), "topics": topic})
        eventually("all run", lambda: spread(w, connectors, PER_CONNECTOR), 240, w.process, every_s=0.5)
        measure(f"{name}, sink tasks", w.process, tasks)
    finally:
        w.kill()


def compare(bootstrap: str, folder: pathlib.Path, programs: pathlib.Path):
    topics = Topics(bootstrap)
    topics.create("bench-idle", PER_CONNECTOR)
    print(f"\n{'idle':<26}{'number':>8}{'MiB':>10}{'KiB each':>12}{'% of a core':>14}{'wakes/s each':>16}{'threads':>10}")
    for tasks in TASKS:
        if "bare" in KINDS:
            bare(folder, bootstrap, programs, "bench-idle", tasks)
        if "kconnectd" in KINDS:
            worker(Worker, folder, bootstrap, "kconnectd", "bench-idle", tasks)
        if "Java" in KINDS and tasks == TASKS[-1]:
            worker(JavaWorker, folder, bootstrap, "Java", "bench-idle", tasks)
    print("(goals for 1000 sink tasks: 400 MiB, 2 % of a core)")
