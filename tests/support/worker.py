"""The daemon under test, driven by REST as a user would with curl."""
from __future__ import annotations

import os
import pathlib

from servers import Process, eventually, free_port, http, write_properties

BINARY = os.environ.get("KCONNECTD") or str(pathlib.Path(__file__).resolve().parents[2] / "build" / "kconnectd")
SUPPORT = pathlib.Path(__file__).resolve().parent
# For a daemon built with sanitizers: what only concerns foreign libraries.
SANITIZERS = {f"{name}_OPTIONS": ":".join(filter(None, [os.environ.get(f"{name}_OPTIONS"),
                                                        f"suppressions={SUPPORT / name.lower()}.supp"]))
              for name in ("LSAN", "TSAN")}


class Worker:
    """A distributed worker; `start` may be called again after `kill` or `stop`, with the same port and settings."""

    def __init__(self, folder: pathlib.Path, bootstrap: str, group: str, name: str = "worker", env: dict | None = None, **settings):
        self.folder, self.name, self.env = folder, name, env
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: Process | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.properties = write_properties(folder / f"{name}.properties", {
            "bootstrap.servers": bootstrap, "group.id": group,
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
            "config.storage.topic": f"{group}-configs", "offset.storage.topic": f"{group}-offsets",
            "status.storage.topic": f"{group}-status", "config.storage.replication.factor": 1,
            "offset.storage.replication.factor": 1, "status.storage.replication.factor": 1,
            "offset.storage.partitions": 3, "status.storage.partitions": 3, "offset.flush.interval.ms": 1000,
            "scheduled.rebalance.max.delay.ms": 1000, "listeners": f"http://127.0.0.1:{self.port}",
            **{k.replace("__", "."): v for k, v in settings.items()}})

    def start(self, wait: bool = True) -> "Worker":
        self.process = Process(self.name, [BINARY, "distributed", self.properties], self.folder,
                               {**SANITIZERS, **(self.env or {})})
        if wait:
            self.wait_healthy()
        return self

    def wait_healthy(self, timeout_s: float = 90):
        eventually("worker healthy", lambda: self.rest("GET", "/health", timeout_s=15)[0] == 200, timeout_s, self.process)

    def kill(self):
        self.process.kill()

    def stop(self, timeout_s: float = 30) -> int:
        return self.process.stop(timeout_s)

    def rest(self, method: str, path: str, body=None, headers=None, timeout_s: float = 95):
        return http(method, self.url + path, body, headers, timeout_s)

    def put(self, connector: str, config: dict) -> dict:
        def accepted():
            status, body, _ = self.rest("PUT", f"/connectors/{connector}/config", config)
            if status == 409:
                return None  # the group is settling
            if status not in (200, 201):
                raise RuntimeError(f"PUT {connector}: {status} {body}")
            return body
        return eventually(f"PUT {connector}", accepted, 60, self.process)

    def status(self, connector: str) -> dict | None:
        status, body, _ = self.rest("GET", f"/connectors/{connector}/status")
        return body if status == 200 else None

    def wait_state(self, connector: str, state: str = "RUNNING", tasks: int | None = None, task_state: str | None = None,
                   timeout_s: float = 60) -> dict:
        """Until the connector is in `state` and every task in `task_state` (default: the same)."""
        wanted = task_state or state

        def reached():
            got = self.status(connector)
            if not got or got["connector"]["state"] != state:
                return None
            if tasks is not None and len(got["tasks"]) != tasks:
                return None
            return got if all(t["state"] == wanted for t in got["tasks"]) else None
        return eventually(f"{connector} {state}", reached, timeout_s, self.process)

    def wait_task_failed(self, connector: str, timeout_s: float = 60) -> str:
        """The trace of the first failed task."""
        def failed():
            got = self.status(connector)
            return got and next((t for t in got["tasks"] if t["state"] == "FAILED"), None)
        return eventually(f"a task of {connector} FAILED", failed, timeout_s, self.process)["trace"]

    def delete(self, connector: str):
        self.rest("DELETE", f"/connectors/{connector}")
