"""The Schema Registry converters with a real registry, cross-checked with Confluent's own serializers for Python (fastavro,
jsonschema): what one writes the other reads."""
from __future__ import annotations

import io
import json
import struct

import fastavro
import pytest
from confluent_kafka.schema_registry import ConfigCompatibilityLevel, SchemaRegistryClient, ServerConfig
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from registry_server import KEYS, Registry
from servers import eventually

AVRO = "io.confluent.connect.avro.AvroConverter"
JSON_SCHEMA = "io.confluent.connect.json.JsonSchemaConverter"
STRING = "org.apache.kafka.connect.storage.StringConverter"

ORDER = {"type": "record", "name": "Order", "namespace": "shop", "fields": [
    {"name": "id", "type": "long"}, {"name": "note", "type": ["null", "string"], "default": None},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["NEW", "OLD"]}},
    {"name": "next", "type": ["null", "Order"], "default": None}]}
ITEM = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Item", "type": "object", "properties": {
    "name": {"type": "string"}, "count": {"type": "integer"}}, "required": ["name"]}


@pytest.fixture(scope="module")
def registry(folder):
    server = Registry(folder)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(registry):
    return SchemaRegistryClient({"url": registry.url})


def converter(kind: str, registry, **more) -> dict:
    options = {"schema.registry.url": registry if isinstance(registry, str) else registry.url, "max.retries": 0, **more}
    return {"value.converter": kind, **{f"value.converter.{k}": v for k, v in options.items()}}


def sink(topic: str, file, **more) -> dict:
    return {"connector.class": "FileStreamSink", "topics": topic, "file": str(file), "key.converter": STRING, **more}


def lines(file, count: int) -> list[str]:
    return eventually(f"{count} lines in {file}",
                      lambda: (got := file.read_text().splitlines() if file.exists() else []) and len(got) >= count and got)


def values(topic: str) -> SerializationContext:
    return SerializationContext(topic, MessageField.VALUE)


def test_avro_from_python(worker, topics, registry, client, unique, tmp_path):
    topic, name, file = topics.create(unique("avro")), unique("sink"), tmp_path / "out"
    serialize = AvroSerializer(client, json.dumps(ORDER))
    inner = {"id": 2, "note": None, "tags": [], "kind": "OLD", "next": None}
    outer = {"id": 1, "note": "né", "tags": ["a", "b"], "kind": "NEW", "next": inner}
    topics.produce(topic, [(None, serialize(v, values(topic))) for v in (inner, outer)])
    worker.put(name, sink(topic, file, **converter(AVRO, registry)))
    assert lines(file, 2) == ["Struct{id=2,tags=[],kind=OLD}",
                              "Struct{id=1,note=né,tags=[a, b],kind=NEW,next=Struct{id=2,tags=[],kind=OLD}}"]
    worker.delete(name)


def test_avro_to_python(worker, topics, registry, client, unique):
    topic, name = topics.create(unique("avro")), unique("source")
    worker.put(name, {"connector.class": "org.apache.kafka.connect.tools.SchemaSourceConnector", "tasks.max": 1, "topic": topic,
                      "name": name, "num.messages": 3, "throughput": 100, "multiple.schema": "false", "id": 0, "key.converter": STRING,
                      **converter(AVRO, registry)})
    got = topics.read(topic, 3, 20)
    deserialize = AvroDeserializer(client)
    records = [deserialize(m.value(), values(topic)) for m in got]
    assert [r["seqno"] for r in records[:3]] == [0, 1, 2]
    magic, schema_id = struct.unpack(">bI", got[0].value()[:5])
    schema = fastavro.parse_schema(json.loads(client.get_schema(schema_id).schema_str))
    assert magic == 0 and fastavro.schemaless_reader(io.BytesIO(got[0].value()[5:]), schema) == records[0]
    assert client.get_latest_version(f"{topic}-value").schema_id == schema_id
    worker.delete(name)


def test_json_schema_both_ways(worker, topics, registry, client, unique, tmp_path):
    topic, name, file = topics.create(unique("json")), unique("sink"), tmp_path / "out"
    serialize = JSONSerializer(json.dumps(ITEM), client)
    topics.produce(topic, [(None, serialize({"name": "x", "count": 3}, values(topic))),
                           (None, serialize({"name": "y"}, values(topic)))])
    worker.put(name, sink(topic, file, **converter(JSON_SCHEMA, registry)))
    assert lines(file, 2) == ["Struct{name=x,count=3}", "Struct{name=y}"]
    worker.delete(name)
    topic, name = topics.create(unique("made")), unique("source")
    worker.put(name, {"connector.class": "org.apache.kafka.connect.tools.SchemaSourceConnector", "tasks.max": 1, "topic": topic,
                      "name": name, "num.messages": 2, "throughput": 100, "multiple.schema": "false", "id": 0, "key.converter": STRING,
                      **converter(JSON_SCHEMA, registry)})
    got = topics.read(topic, 2)[0].value()
    schema_id = struct.unpack(">I", got[1:5])[0]
    deserialize = JSONDeserializer(client.get_schema(schema_id).schema_str, from_dict=lambda d, _: d)
    assert deserialize(got, values(topic))["seqno"] == 0
    worker.delete(name)


def test_registry_by_tls(worker, topics, registry, client, unique, tmp_path):
    """The registry's authority comes from a trust store; with another one the task fails and names the address."""
    topic, file = topics.create(unique("tls")), tmp_path / "out"
    trusting, strange = unique("trusting"), unique("strange")
    serialize = AvroSerializer(client, json.dumps(ORDER))
    topics.produce(topic, [(None, serialize({"id": 1, "note": None, "tags": [], "kind": "NEW", "next": None}, values(topic)))])
    store = {"schema.registry.ssl.truststore.location": str(KEYS / "trust.jks"), "schema.registry.ssl.truststore.password": "changeit"}
    worker.put(trusting, sink(topic, file, **converter(AVRO, registry.tls_url, **store)))
    assert lines(file, 1) == ["Struct{id=1,tags=[],kind=NEW}"]
    worker.delete(trusting)
    worker.put(strange, sink(topic, tmp_path / "none", **converter(AVRO, registry.tls_url)))
    trace = worker.wait_task_failed(strange)
    assert registry.tls_url in trace and "SSL certificate problem" in trace
    worker.delete(strange)


def test_incompatible_schema_is_named(worker, topics, registry, client, unique, tmp_path):
    topic, name, file = topics.create(unique("text")), unique("source"), tmp_path / "in"
    AvroSerializer(client, json.dumps(ORDER))({"id": 1, "tags": [], "kind": "NEW"}, values(topic))
    client.set_config(f"{topic}-value", config=ServerConfig(compatibility=ConfigCompatibilityLevel.FULL))
    file.write_text("a line\n")
    worker.put(name, {"connector.class": "FileStreamSource", "topic": topic, "file": str(file), "key.converter": STRING,
                      **converter(AVRO, registry)})
    trace = worker.wait_task_failed(name)
    assert f"Failed to serialize Avro data from topic {topic}:" in trace and f"subject {topic}-value" in trace
    assert "409" in trace
    worker.delete(name)


def test_bad_messages(worker, topics, registry, client, unique, tmp_path):
    """An unknown id, a message cut short and no message at all fail the task, or go to the dead letters."""
    topic, dead, file = topics.create(unique("bad")), unique("dead"), tmp_path / "out"
    good = AvroSerializer(client, json.dumps(ORDER))({"id": 1, "tags": [], "kind": "NEW"}, values(topic))
    bad = [b"\0\0\x0f\x42\x40abc", good[:-3], b"hello", b"\0\0"]
    topics.produce(topic, [(None, good), *((None, b) for b in bad), (None, good)])
    strict, lenient = unique("strict"), unique("lenient")
    worker.put(strict, sink(topic, file, **converter(AVRO, registry)))
    trace = worker.wait_task_failed(strict)
    assert f"Failed to deserialize data for topic {topic} to Avro:" in trace
    assert "Error retrieving Avro value schema for id 1000000" in trace and topic in trace and "offset 1" in trace.replace("=", " ")
    worker.delete(strict)
    file = tmp_path / "out2"
    worker.put(lenient, sink(topic, file, **converter(AVRO, registry), **{
        "errors.tolerance": "all", "errors.deadletterqueue.topic.name": dead,
        "errors.deadletterqueue.topic.replication.factor": 1}))
    assert lines(file, 2) == ["Struct{id=1,tags=[],kind=NEW}"] * 2
    assert sorted(m.value() for m in topics.read(dead, len(bad))) == sorted(bad)
    worker.delete(lenient)


def test_registry_that_is_not_there(worker, topics, unique, tmp_path):
    topic, name = topics.create(unique("away")), unique("sink")
    topics.produce(topic, [(None, b"\0\0\0\0\x01\x02")])
    worker.put(name, sink(topic, tmp_path / "out", **converter(AVRO, "http://127.0.0.1:1")))
    trace = worker.wait_task_failed(name)
    assert f"Network connection error while deserializing Avro data for topic {topic}: http://127.0.0.1:1" in trace
    worker.delete(name)
