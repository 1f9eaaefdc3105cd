"""What known clients send and read: their paths, headers and the fields that they take apart. One connector per client lives through
what the client does with it."""
from __future__ import annotations

import json
import re

import pytest
from servers import eventually

SOURCE = {"connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector", "tasks.max": "1"}
CONNECTOR_STATES = {"RUNNING", "PAUSED", "STOPPED", "FAILED", "UNASSIGNED", "RESTARTING"}

# name → headers of its requests without and with a body
CLIENTS = {
    "curl": ({"Accept": "*/*", "User-Agent": "curl/8.5.0"}, {"Content-Type": "application/json"}),
    "kcctl": ({"Accept": "application/json", "User-Agent": "Resteasy Reactive Client"}, {"Content-Type": "application/json"}),
    "Strimzi": ({"Accept": "application/json", "Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c",
                 "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA", "User-Agent": "Java-http-client/17.0.9"},
                {"Content-Type": "application/json"}),
    "Redpanda Console": ({"Accept": "application/json", "User-Agent": "Redpanda Console", "Accept-Encoding": "gzip"},
                         {"Content-Type": "application/json"}),
    "kafka-ui": ({"Accept": "application/json", "User-Agent": "ReactorNetty/1.1.15", "accept-encoding": "gzip"},
                 {"Content-Type": "application/json"}),
    "AKHQ": ({"Accept": "*/*", "User-Agent": "okhttp/4.12.0"}, {"Content-Type": "application/json; charset=utf-8"}),
    "Terraform": ({"Accept": "application/json", "Content-Type": "application/json", "User-Agent": "go-resty/2.7.0"},
                  {"Content-Type": "application/json"}),
    "Java worker": ({"Accept": "application/json", "User-Agent": "kafka-connect", "Accept-Encoding": "gzip"},
                    {"Content-Type": "application/json"}),
    "browser": ({"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "en"},
                {"Content-Type": "application/json;charset=UTF-8"}),
}


class Client:
    def __init__(self, worker, name):
        self.worker, (self.plain, self.with_body) = worker, CLIENTS[name]

    def __call__(self, method, path, body=None, want=200):
        headers = self.plain if body is None else {**self.plain, **self.with_body}
        status, got, head = self.worker.rest(method, path, body, headers)
        assert status in (want if isinstance(want, tuple) else (want,)), (method, path, status, got)
        if got is not None:
            assert head["Content-Type"].split(";")[0] == "application/json"
            assert head.get("Content-Encoding") is None
        return got


@pytest.fixture(params=CLIENTS)
def client(request, worker):
    return Client(worker, request.param)


def check_status(status: dict, name: str, tasks: int):
    """As strictly as the strictest: nothing but these fields, all enumerations known, ids numbers, everything else text."""
    assert set(status) == {"name", "connector", "tasks", "type"} and status["name"] == name and status["type"] == "source"
    assert set(status["connector"]) <= {"state", "worker_id", "version", "trace"}
    assert status["connector"]["state"] in CONNECTOR_STATES
    assert re.fullmatch(r"[^:]+:\d+", status["connector"]["worker_id"])
    assert [t["id"] for t in status["tasks"]] == list(range(tasks))
    for task in status["tasks"]:
        assert set(task) <= {"id", "state", "worker_id", "version", "trace"} and task["state"] in CONNECTOR_STATES - {"STOPPED"}


def test_the_worker_and_its_plugins(client):
    root = client("GET", "/")
    assert list(root) == ["version", "commit", "kafka_cluster_id"]
    major, minor = root["version"].split(".")[:2]  # kcctl knows by these what it may ask for
    assert (int(major), int(minor)) >= (3, 6)
    assert client("GET", "/health")["status"] == "healthy"
    for path in ("/connector-plugins", "/connector-plugins/", "/connector-plugins?connectorsOnly=false"):
        for plugin in client("GET", path):
            assert {"class", "type"} <= set(plugin) <= {"class", "type", "version"}
    names = {p["class"] for p in client("GET", "/connector-plugins")}
    assert SOURCE["connector.class"] in names
    for key in client("GET", "/connector-plugins/FileStreamSource/config"):
        assert {"name", "type", "required", "default_value", "importance", "documentation", "group", "width", "display_name",
                "dependents", "order"} == set(key)
    loggers = client("GET", "/admin/loggers/")  # Strimzi's slash
    assert loggers["root"]["level"] and all(set(v) == {"level", "last_modified"} for v in loggers.values())
    assert client("PUT", "/admin/loggers/org.example.client?scope=cluster", {"level": "WARN"}, want=204) is None


def test_validation(client):
    got = client("PUT", "/connector-plugins/FileStreamSourceConnector/config/validate", {**SOURCE, "name": "x", "tasks.max": "0"})
    assert list(got) == ["name", "error_count", "groups", "configs"] and got["error_count"] == 2  # topic is missing as well
    for entry in got["configs"]:
        assert set(entry) == {"definition", "value"}
        definition, value = entry["definition"], entry["value"]
        assert definition["type"] in {"BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"}
        assert definition["importance"] in {"HIGH", "MEDIUM", "LOW"} and definition["width"] in {"NONE", "SHORT", "MEDIUM", "LONG"}
        assert list(value) == ["name", "value", "recommended_values", "errors", "visible"] and value["name"] == definition["name"]


def test_a_connector_from_its_creation_to_its_end(client, unique, tmp_path):
    name, path = unique("client"), None
    path = f"/connectors/{name}"
    config = {**SOURCE, "topic": unique("topic"), "file": str(tmp_path / "f")}
    assert client("GET", f"{path}/status", want=404)["error_code"] == 404  # what "absent" is told by
    created = client("PUT", f"{path}/config", config, want=201)
    assert list(created) == ["name", "config", "tasks", "type"] and created["config"] == {**config, "name": name}
    assert client("POST", "/connectors", {"name": name, "config": config}, want=409)["message"] == f"Connector {name} already exists"
    check_status(eventually("RUNNING", lambda: (s := client("GET", f"{path}/status", want=(200, 404)))["tasks"] and s), name, 1)
    assert client("GET", f"{path}/config") == {**config, "name": name}  # compared with what is wanted, key by key
    assert client("GET", path)["tasks"] == [{"connector": name, "task": 0}]
    assert client("GET", f"{path}/tasks")[0]["id"] == {"connector": name, "task": 0}
    assert client("GET", f"{path}/topics") == {name: {"topics": []}}
    client("PUT", f"{path}/topics/reset", want=202)
    assert name in client("GET", "/connectors") and name in client("GET", "/connectors/")
    expanded = client("GET", "/connectors?expand=status&expand=info")[name]
    assert set(expanded) == {"status", "info"} and expanded["info"]["type"] == "source"
    check_status(expanded["status"], name, 1)
    client("PUT", f"{path}/pause", want=202)
    eventually("PAUSED", lambda: client("GET", f"{path}/status")["connector"]["state"] == "PAUSED")
    client("PUT", f"{path}/resume", want=202)
    eventually("RUNNING", lambda: client("GET", f"{path}/status")["connector"]["state"] == "RUNNING")
    client("POST", f"{path}/restart", want=204)
    check_status(client("POST", f"{path}/restart?includeTasks=true&onlyFailed=false", want=202), name, 1)
    eventually("restarted", lambda: client("GET", f"{path}/tasks/0/status")["state"] == "RUNNING")
    client("POST", f"{path}/tasks/0/restart", want=204)
    client("PUT", f"{path}/stop", want=204)
    eventually("STOPPED", lambda: client("GET", f"{path}/status")["tasks"] == [])
    assert client("GET", f"{path}/offsets") == {"offsets": []}
    offset = {"partition": {"filename": config["file"]}, "offset": {"position": 3}}
    assert "successfully" in client("PATCH", f"{path}/offsets", {"offsets": [offset]})["message"]
    assert client("GET", f"{path}/offsets") == {"offsets": [offset]}
    assert "successfully" in client("DELETE", f"{path}/offsets")["message"]
    assert client("PATCH", f"{path}/config", {"batch.size": "7", "file": None})["config"]["batch.size"] == "7"
    client("DELETE", path, want=204)
    eventually("gone", lambda: client("GET", f"{path}/status", want=(200, 404)).get("error_code") == 404)


def test_errors_have_two_fields_for_everybody(client):
    for method, path, body, status in [("GET", "/connectors/none", None, 404), ("PUT", "/connectors/none/pause", None, 404),
                                       ("POST", "/connectors", {"name": "x", "config": {"connector.class": "None"}}, 400),
                                       ("GET", "/nowhere", None, 404), ("DELETE", "/", None, 405)]:
        got = client(method, path, body, want=status)
        assert list(got) == ["error_code", "message"] and got["error_code"] == status and json.dumps(got["message"])
