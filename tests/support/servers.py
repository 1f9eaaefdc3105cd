"""Child processes of the integration tests: a Kafka broker (KRaft), an S3 server, the daemon. Everything listens on free
ports of 127.0.0.1 and lives in one folder per test run, so that runs can go side by side."""
from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
JARS = ROOT / "build" / "jars"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def eventually(what: str, probe, timeout_s: float = 60, process: "Process | None" = None, every_s: float = 0.05):
    """Calls probe() until it returns something true, and returns that. Errors of a server that is not there yet count as
    "not yet"."""
    deadline = time.monotonic() + timeout_s
    last = None
    while True:
        if process is not None and process.exited():
            raise AssertionError(f"{what}: {process.name} ended with {process.popen.returncode}\n{process.tail()}")
        try:
            got = probe()
            if got:
                return got
        except (OSError, ValueError, KeyError, AssertionError) as e:
            last = e
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s} s (last: {last!r})\n{process.tail() if process else ''}")
        time.sleep(every_s)


def http(method: str, url: str, body=None, headers: dict | None = None, timeout_s: float = 95):
    """(status, parsed JSON or text or None, headers)"""
    headers = dict(headers or {})
    data = None
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=timeout_s) as r:
            status, raw, got = r.status, r.read(), r.headers
    except urllib.error.HTTPError as e:
        status, raw, got = e.code, e.read(), e.headers
    try:
        return status, json.loads(raw) if raw else None, got
    except ValueError:
        return status, raw.decode(errors="replace"), got


def write_properties(file: pathlib.Path, values: dict) -> pathlib.Path:
    file.write_text("".join(f"{k}={v}\n" for k, v in values.items()))
    return file


class Process:
    """A child with its log in a file."""

    def __init__(self, name: str, argv: list, folder: pathlib.Path, env: dict | None = None):
        self.name, self.log = name, folder / f"{name}.log"
        folder.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                          cwd=folder, env={**os.environ, **(env or {})}, start_new_session=True)

    def exited(self) -> bool:
        return self.popen.poll() is not None

    def tail(self, count: int = 5000) -> str:
        return self.log.read_text(errors="replace")[-count:]

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def stop(self, timeout_s: float = 30) -> int:
        """SIGTERM, then its exit status."""
        if not self.exited():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.name} did not stop within {timeout_s} s\n{self.tail()}") from None
        return self.popen.returncode

    def memory_kib(self, key: str = "VmRSS") -> int:
        for line in pathlib.Path(f"/proc/{self.popen.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def cpu_s(self) -> float:
        fields = pathlib.Path(f"/proc/{self.popen.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def java(name: str, server: str, main: str, args: list, folder: pathlib.Path, heap: str, jvm: list | None = None) -> Process:
    if not (JARS / ".complete").exists():
        raise RuntimeError("the servers' jars are missing: run `make jars` (needs Java and Maven)")
    return Process(name, ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", *(jvm or []), "-cp",
                          f"{JARS}/{server}/*", main, *args], folder)


class Kafka:
    """One broker that is its own controller, or (`quorum` names the controllers) one of a cluster's. A lone broker that is killed
    and returns as its own controller was never missed: it believes to lead everything before it listens, gives up when it misses
    itself then, and so completes transactions whose end was written down without their partitions hearing of it ("Couldn't find
    leader endpoint"); no reader of committed records ever gets past these. With `apart` its controller lives on."""

    def __init__(self, folder: pathlib.Path, name: str = "kafka", node: int = 1, controller: int | None = None,
                 quorum: str | None = None, heap: str = "768m", start: bool = True, apart: bool = False, **settings):
        self.folder, self.name, self.node, self.heap, self.starts = folder / name, name, node, heap, 0
        self.port, self.controller = free_port(), controller or free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.process: Process | None = None
        self.folder.mkdir(parents=True)
        (self.folder / "log4j2.properties").write_text(
            "appender.c.type=Console\nappender.c.name=C\nappender.c.layout.type=PatternLayout\n"
            "appender.c.layout.pattern=%d %p %m (%c)%n\nrootLogger.level=info\nrootLogger.appenderRef.c.ref=C\n")
        ours, controls = f"PLAINTEXT://127.0.0.1:{self.port}", f"CONTROLLER://127.0.0.1:{self.controller}"
        quorum = {"controller.quorum.voters": quorum or f"{node + apart}@127.0.0.1:{self.controller}",
                  "controller.listener.names": "CONTROLLER"}
        self.apart: Process | None = None
        if apart:
            settings = {"broker.heartbeat.interval.ms": 500, **settings}
            properties = self._format("controller", {
                **quorum, "process.roles": "controller", "node.id": node + 1, "listeners": controls,
                "log.dirs": self.folder / "controller-data", "broker.session.timeout.ms": 2000})
            self.apart = self._java("controller", "kafka.Kafka", [properties])
        self.properties = self._format("server", {
            **quorum, "process.roles": "broker" if apart else "broker,controller", "node.id": node,
            "listeners": ours if apart else f"{ours},{controls}", "advertised.listeners": ours,
            "inter.broker.listener.name": "PLAINTEXT", "log.dirs": self.folder / "data", "num.partitions": 1,
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 5,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0, "group.min.session.timeout.ms": 500,
            "log.flush.interval.messages": 10000, **settings})
        if start:
            self.start()

    def _format(self, name: str, settings: dict) -> pathlib.Path:
        properties = write_properties(self.folder / f"{name}.properties", settings)
        done = self._java("format", "kafka.tools.StorageTool", ["format", "-t", "kconnectdTestsCluster0", "-c", properties])
        if done.popen.wait(60) != 0:
            raise RuntimeError(done.tail())
        return properties

    def _java(self, name: str, main: str, args: list) -> Process:
        return java(name, "kafka", main, args, self.folder, self.heap,
                    [f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties"])

    def start(self, wait: bool = True):
        self.starts = self.process.log.read_text(errors="replace").count("Kafka Server started") if self.process else 0
        self.process = self._java("broker", "kafka.Kafka", [self.properties])
        if wait:
            self.wait_up()

    def wait_up(self):
        def up():
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return self.process.log.read_text(errors="replace").count("Kafka Server started") > self.starts
        eventually("Kafka", up, 90, self.process)

    def kill(self):
        """An own controller notices before this returns."""
        def missed() -> int:
            return self.apart.log.read_text(errors="replace").count("because its session has timed out") if self.apart else 1
        before = missed()
        self.process.kill()
        if self.apart:
            eventually("the broker is missed", lambda: missed() > before, 30, self.apart)

    def stop(self):
        for process in filter(None, (self.process, self.apart)):
            process.kill()


class KafkaCluster:
    """Three brokers, each a controller too; what they keep is on all three, and two are enough to go on."""

    def __init__(self, folder: pathlib.Path, name: str = "cluster", **settings):
        controllers = [free_port() for _ in range(3)]
        quorum = ",".join(f"{n}@127.0.0.1:{port}" for n, port in enumerate(controllers, 1))
        three = {"offsets.topic.replication.factor": 3, "transaction.state.log.replication.factor": 3,
                 "transaction.state.log.min.isr": 2, "default.replication.factor": 3, "min.insync.replicas": 2,
                 "broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 400, "transaction.state.log.num.partitions": 5,
                 "auto.leader.rebalance.enable": "true", "leader.imbalance.check.interval.seconds": 3600}
        self.brokers = [Kafka(folder / name, f"broker{n}", n, port, quorum, "256m", start=False, **{**three, **settings})
                        for n, port in enumerate(controllers, 1)]
        self.bootstrap = ",".join(b.bootstrap for b in self.brokers)
        for b in self.brokers:
            b.start(wait=False)
        for b in self.brokers:
            b.wait_up()

    def __getitem__(self, node: int) -> Kafka:
        return self.brokers[node - 1]

    def stop(self):
        for b in self.brokers:
            b.stop()


class S3:
    """s3proxy over a folder: checks signatures, path-style addresses, multipart uploads. An upload that is cut off leaves its
    temporary file behind, KEY-UUID without s3proxy's attribute, and no folder with such a file can be listed ever again (500);
    a thread deletes them."""

    access, secret = "AKIATESTS", "tests-secret"

    def __init__(self, folder: pathlib.Path, name: str = "s3"):
        self.folder, self.port, self.stopped = folder / name, free_port(), threading.Event()
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "data").mkdir(parents=True)
        (self.folder / "logback.xml").write_text(
            "<configuration><appender name='C' class='ch.qos.logback.core.ConsoleAppender'><encoder><pattern>%d %p %m%n"
            "</pattern></encoder></appender><root level='warn'><appender-ref ref='C'/></root></configuration>")
        self.properties = write_properties(self.folder / "s3.properties", {
            "s3proxy.endpoint": self.url, "s3proxy.authorization": "aws-v2-or-v4", "s3proxy.identity": self.access,
            "s3proxy.credential": self.secret, "jclouds.provider": "filesystem-nio2",
            "jclouds.filesystem.basedir": self.folder / "data", "jclouds.identity": "x", "jclouds.credential": "x"})
        self.start()
        threading.Thread(target=self._sweep, daemon=True).start()

    def _sweep(self, every_s: float = 1):
        unfinished = "*-" + "-".join("?" * n for n in (8, 4, 4, 4, 12))
        while not self.stopped.wait(every_s):
            for folder, _, names in os.walk(self.folder / "data"):
                for path in (f"{folder}/{name}" for name in fnmatch.filter(names, unfinished)):
                    with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                        if "user.content-md5" not in os.listxattr(path) and time.time() - os.stat(path).st_mtime > 2:
                            os.unlink(path)

    def start(self):
        self.process = java("s3proxy", "s3proxy", "org.gaul.s3proxy.Main", ["--properties", self.properties], self.folder, "512m",
                            [f"-Dlogback.configurationFile={self.folder}/logback.xml"])
        eventually("S3", lambda: http("GET", self.url + "/", timeout_s=2)[0], 60, self.process)

    def stop(self):
        self.stopped.set()
        self.process.kill()

    def client(self):
        import boto3
        import botocore.config
        return boto3.client("s3", endpoint_url=self.url, aws_access_key_id=self.access, aws_secret_access_key=self.secret,
                            region_name="us-east-1",
                            config=botocore.config.Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                                                          response_checksum_validation="when_required"))
