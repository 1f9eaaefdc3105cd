"""Configurations and requests that are wrong: Java's statuses and texts, all problems at once, nothing is stored."""
from __future__ import annotations

import json

import pytest
from backup import sink_config, source_config


def errors_of(worker, plugin: str, config: dict) -> dict[str, list[str]]:
    status, body, _ = worker.rest("PUT", f"/connector-plugins/{plugin}/config/validate", config)
    assert status == 200, body
    found = {c["value"]["name"]: c["value"]["errors"] for c in body["configs"] if c["value"]["errors"]}
    assert body["error_count"] == sum(len(e) for e in found.values())
    return found


def test_unknown_connector_class(worker, unique):
    status, body, _ = worker.rest("PUT", f"/connectors/{unique('c')}/config", {"connector.class": "no.such.Connector"})
    assert status in (400, 500)
    assert "Failed to find any class that implements Connector and which name matches no.such.Connector" in body["message"]


@pytest.mark.parametrize("key,value", [("value.converter", "no.such.Converter"), ("transforms.Rename.type", "no.such.Transform")])
def test_unknown_plugin_classes(worker, bucket, unique, key, value):
    config = {**source_config(bucket, ""), key: value, "name": "x"}
    assert any(value in e for e in errors_of(worker, "S3SourceConnector", config)[key])
    status, body, _ = worker.rest("PUT", f"/connectors/{unique('c')}/config", {k: v for k, v in config.items() if k != "name"})
    assert status == 400 and value in body["message"]


def test_all_problems_are_reported_at_once(worker, bucket, unique):
    config = sink_config(bucket, ["t"], flush__size="few", tasks__max="many", s3__part__size="1")
    del config["s3.bucket.name"]
    found = errors_of(worker, "S3SinkConnector", {**config, "name": "x"})
    assert {"flush.size", "tasks.max", "s3.part.size", "s3.bucket.name"} <= set(found)
    assert "Invalid value many for configuration tasks.max: Not a number of type INT" in found["tasks.max"]
    name = unique("c")
    status, body, _ = worker.rest("PUT", f"/connectors/{name}/config", config)
    assert status == 400 and body["error_code"] == 400
    assert "Connector configuration is invalid and contains the following" in body["message"]
    for text in ("flush.size", "tasks.max", "s3.part.size", "s3.bucket.name"):
        assert text in body["message"]
    assert worker.rest("GET", f"/connectors/{name}")[0] == 404


def test_what_does_not_exist_here_is_refused(worker, bucket):
    config = {**sink_config(bucket, ["t"], format__class="io.confluent.connect.s3.format.avro.AvroFormat"), "name": "x"}
    assert errors_of(worker, "S3SinkConnector", config).get("format.class")
    config = {**source_config(bucket, "", format__class="io.confluent.connect.s3.format.parquet.ParquetFormat"), "name": "x"}
    assert errors_of(worker, "S3SourceConnector", config).get("format.class")


@pytest.mark.parametrize("body,status", [(b"{", 500), (b"[]", 500), (b"nonsense", 500), (b'{"a":{"b":1}}', 500), (b"{} {}", 500),
                                         (b'{"a":"\xff"}', 500)])
def test_malformed_bodies(worker, unique, body, status):
    got, answer, _ = worker.rest("PUT", f"/connectors/{unique('c')}/config", body)
    assert got == status and set(answer) == {"error_code", "message"} and answer["error_code"] == status


def test_body_over_the_cap(make_worker):
    worker = make_worker(kconnect__rest__body__max__bytes=100000)
    status, answer, _ = worker.rest("PUT", "/connectors/c/config", json.dumps({"a": "x" * 200000}).encode())
    assert status == 413 and "kconnect.rest.body.max.bytes" in answer["message"]
    assert worker.rest("GET", "/connectors")[0] == 200


def test_statuses_of_wrong_requests(worker):
    for method, path, body, status in [("GET", "/nowhere", None, 404), ("POST", "/", None, 405), ("GET", "/connectors/none", None, 404),
                                       ("GET", "/connectors/none/status", None, 404), ("PUT", "/connectors/none/pause", None, 404),
                                       ("DELETE", "/connectors/none", None, 404), ("GET", "/connectors/none/tasks/x/status", None, 404)]:
        got, answer, _ = worker.rest(method, path, body)
        assert got == status and answer["error_code"] == status, (method, path, got, answer)
    assert worker.rest("PUT", "/connectors/c/config", b"{}", {"Content-Type": "text/plain"})[0] == 415
    assert worker.rest("GET", "/connectors", headers={"Accept": "text/html"})[0] == 406
