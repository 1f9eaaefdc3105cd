"""Workers for takeovers: the same folder, port and properties run by either engine, the Java worker or the daemon under test."""
from __future__ import annotations

import json
import pathlib
import signal

from servers import JARS, Process, free_port, write_properties
from worker import BINARY, SANITIZERS, Worker

CONNECT_JARS = JARS.parent / "jars-connect"
LOG4J = ("appender.c.type=Console\nappender.c.name=C\nappender.c.target=SYSTEM_ERR\nappender.c.layout.type=PatternLayout\n"
         "appender.c.layout.pattern=%d %p %X{connector.context}%m (%c)%n\nrootLogger.level=info\nrootLogger.appenderRef.c.ref=C\n")


def java_command(folder: pathlib.Path, main: str, args: list) -> list:
    if not (CONNECT_JARS / ".complete").exists():
        raise RuntimeError("the Java worker's jars are missing: run `make jars` (needs Java and Maven)")
    log4j = folder / "log4j2.properties"
    log4j.write_text(LOG4J)
    return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={log4j}",
            "-cp", f"{CONNECT_JARS}/*", f"org.apache.kafka.connect.cli.{main}", *args]


class EitherWorker(Worker):
    """A distributed worker that is started with the engine's name, again and again."""

    def start_as(self, engine: str, wait: bool = True) -> "EitherWorker":
        if engine == "kconnectd":
            return self.start(wait)
        self.process = Process(self.name, java_command(self.folder, "ConnectDistributed", [self.properties]), self.folder)
        if wait:
            self.wait_healthy()
        return self


class Standalone(Worker):
    """A standalone worker; `files` are the connectors of its command line."""

    def __init__(self, folder: pathlib.Path, bootstrap: str, offsets: pathlib.Path, files: list, **settings):
        self.folder, self.name, self.files = folder, "standalone", files
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: Process | None = None
        folder.mkdir(parents=True, exist_ok=True)
        string = "org.apache.kafka.connect.storage.StringConverter"
        self.properties = write_properties(folder / "standalone.properties", {
            "bootstrap.servers": bootstrap, "key.converter": string, "value.converter": string,
            "offset.storage.file.filename": offsets, "offset.flush.interval.ms": 500, "plugin.discovery": "service_load",
            "listeners": f"http://127.0.0.1:{self.port}", **{k.replace("__", "."): v for k, v in settings.items()}})

    def start_as(self, engine: str, wait: bool = True) -> "Standalone":
        if engine == "kconnectd":
            self.process = Process(self.name, [BINARY, "standalone", self.properties, *self.files], self.folder, SANITIZERS)
        else:
            self.process = Process(self.name, java_command(self.folder, "ConnectStandalone", [self.properties, *self.files]),
                                   self.folder)
        if wait:
            self.wait_healthy()
        return self


def stop(worker: Worker, engine: str):
    """By SIGTERM; a Java process then ends with 143."""
    assert worker.stop(60) == (0 if engine == "kconnectd" else 128 + signal.SIGTERM), worker.process.tail()


def told(worker: Worker) -> list[dict]:
    """What the connectors for tests have told on the standard output: the JSON lines of the log."""
    lines = (x for x in worker.process.log.read_text(errors="replace").splitlines() if x.startswith("{"))
    return [json.loads(x) for x in lines if x.endswith("}")]
