"""The part `rest` of `make bench`: requests per CPU-second of kconnectd and of the warm Java worker, one after the other on the same
broker, asked by wrk over connections that are kept alive. Only the worker's CPU time counts.

BENCH_REST_SECONDS (default 4) is the length of each measurement; the Java worker warms up for three times that before.
"""
from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess

from servers import Process, eventually
from worker import Worker

JARS = pathlib.Path(__file__).resolve().parents[2] / "build" / "bench-worker-jars"
SECONDS = int(os.environ.get("BENCH_REST_SECONDS", 4))
CONNECTORS, CONNECTIONS, GOAL = 200, 8, 5
SOURCE = {"connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector", "tasks.max": "1", "topic": "t", "file": "f"}
QUESTIONS = [  # name, method, path, body
    ("GET /", "GET", "/", None),
    (f"GET {CONNECTORS} connectors, expanded", "GET", "/connectors?expand=status&expand=info", None),
    ("PUT config", "PUT", "/connectors/c0/config", SOURCE),
    ("validate", "PUT", "/connector-plugins/FileStreamSourceConnector/config/validate", {"name": "x", **SOURCE}),
]


def check_tools():
    if not shutil.which("wrk"):
        raise SystemExit("BENCH=rest needs wrk: `apt-get install wrk`, or leave this part out (see tests/bench/bench.py)")
    if not (JARS / ".complete").exists():
        raise SystemExit("BENCH=rest needs the Java worker: run `make bench`, or `make build/bench-worker-jars/.complete`")


class JavaWorker(Worker):
    """Kafka's own worker with the settings of the other one. It logs its requests, too."""

    def start(self, wait: bool = True) -> "JavaWorker":
        log = self.folder / "log4j2.properties"
        log.write_text("appender.c.type=Console\nappender.c.name=C\nappender.c.layout.type=PatternLayout\n"
                       "appender.c.layout.pattern=[%d] %p %X{connector.context}%m (%c)%n\nrootLogger.level=info\n"
                       "rootLogger.appenderRef.c.ref=C\n")
        self.process = Process(self.name, ["java", "-Xmx1g", f"-Dlog4j2.configurationFile={log}", "-cp", f"{JARS}/*",
                                           "org.apache.kafka.connect.cli.ConnectDistributed", self.properties], self.folder)
        if wait:
            self.wait_healthy()
        return self


def create_connectors(worker: Worker):
    for i in range(CONNECTORS):
        status, body, _ = worker.rest("POST", "/connectors", {"name": f"c{i}", "config": SOURCE, "initial_state": "STOPPED"})
        if status != 201:
            raise SystemExit(f"{worker.name}: connector {i}: {status} {body}")
    eventually("all are stopped", lambda: len(worker.rest("GET", "/connectors?expand=status")[1]) == CONNECTORS, 60, worker.process)


def ask(worker: Worker, method: str, path: str, body, seconds: int) -> tuple[float, float]:
    """Requests per CPU-second and per second."""
    script = worker.folder / "ask.lua"
    text = f"wrk.method = {json.dumps(method)}\n"
    if body is not None:
        text += f'wrk.headers["Content-Type"] = "application/json"\nwrk.body = {json.dumps(json.dumps(body))}\n'
    script.write_text(text)
    begin = worker.process.cpu_s()
    out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", script, worker.url + path],
                         capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    cpu = worker.process.cpu_s() - begin
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{worker.name} {method} {path}: {out}")
    count = int(re.search(r"(\d+) requests in", out).group(1))
    return count / max(cpu, 0.01), count / seconds


def measure(worker: Worker, warm_up: int) -> list[tuple[float, float]]:
    worker.start()
    try:
        create_connectors(worker)
        rates = []
        for _, method, path, body in QUESTIONS:
            ask(worker, method, path, body, warm_up)
            rates.append(ask(worker, method, path, body, SECONDS))
        return rates
    finally:
        worker.kill()


def compare(bootstrap: str, folder: pathlib.Path):
    ours = measure(Worker(folder / "rest", bootstrap, "bench-rest", "kconnectd"), 1)
    theirs = measure(JavaWorker(folder / "rest-java", bootstrap, "bench-rest-java", "java"), 3 * SECONDS)
    print(f"\nREST, {CONNECTIONS} connections{'':<13}{'requests / CPU s':>18}{'Java':>12}{'ratio':>8}{'requests / s':>16}{'Java':>10}")
    for (name, *_), (rate, per_s), (java_rate, java_per_s) in zip(QUESTIONS, ours, theirs):
        print(f"{name:<34}{rate:>18,.0f}{java_rate:>12,.0f}{rate / java_rate:>8.1f}{per_s:>16,.0f}{java_per_s:>10,.0f}", flush=True)
    print(f"(goal: a ratio of {GOAL})")
