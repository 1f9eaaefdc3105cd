"""ProtobufConverter in a running worker: Google's own runtime for Protobuf writes what a sink reads and reads what a source
wrote. The registry is a few lines of Python that know subjects, ids and versions."""
from __future__ import annotations

import http.server
import json
import struct
import threading

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2
from servers import eventually

PROTO = """syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
message Unused {}
message Order {
  string item = 1;
  int32 count = 2;
  map<string, int64> prices = 3;
  oneof buyer { string name = 4; int64 id = 5; }
  repeated Part parts = 6;
  message Part { bool ok = 1; }
}
"""


class Registry(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.schemas, self.lock = [], threading.Lock()  # (subject, text, type); the id is the place, from 1
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def register(self, subject: str, text: str, kind: str = "PROTOBUF") -> int:
        with self.lock:
            if (subject, text, kind) not in self.schemas:
                self.schemas.append((subject, text, kind))
            return self.schemas.index((subject, text, kind)) + 1


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status: int, body: dict):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        id_ = int(self.path.split("?")[0].rsplit("/", 1)[1])
        if not 1 <= id_ <= len(self.server.schemas):
            return self.answer(404, {"error_code": 40403, "message": "Schema not found"})
        _, text, kind = self.server.schemas[id_ - 1]
        return self.answer(200, {"schema": text, "schemaType": kind})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.split("?")[0].split("/")
        id_ = self.server.register(path[2], body["schema"], body.get("schemaType", "AVRO"))
        return self.answer(200, {"subject": path[2], "id": id_, "version": 1, "schema": body["schema"]})

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def registry():
    server = Registry()
    yield server
    server.shutdown()


def order_class():
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="order.proto", package="shop", syntax="proto3")
    file.message_type.add(name="Unused")
    order = file.message_type.add(name="Order")
    entry = order.nested_type.add(name="PricesEntry", options={"map_entry": True})
    entry.field.add(name="key", number=1, type=field.TYPE_STRING, label=1)
    entry.field.add(name="value", number=2, type=field.TYPE_INT64, label=1)
    order.nested_type.add(name="Part").field.add(name="ok", number=1, type=field.TYPE_BOOL, label=1)
    order.field.add(name="item", number=1, type=field.TYPE_STRING, label=1)
    order.field.add(name="count", number=2, type=field.TYPE_INT32, label=1)
    order.field.add(name="prices", number=3, type=field.TYPE_MESSAGE, label=3, type_name=".shop.Order.PricesEntry")
    order.oneof_decl.add(name="buyer")
    order.field.add(name="name", number=4, type=field.TYPE_STRING, label=1, oneof_index=0)
    order.field.add(name="id", number=5, type=field.TYPE_INT64, label=1, oneof_index=0)
    order.field.add(name="parts", number=6, type=field.TYPE_MESSAGE, label=3, type_name=".shop.Order.Part")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Order"))


def converter(registry) -> dict:
    return {"value.converter": "io.confluent.connect.protobuf.ProtobufConverter",
            "value.converter.schema.registry.url": registry.url}


def test_sink_reads_what_googles_runtime_wrote(worker, topics, unique, registry, folder):
    topic, name = topics.create(unique("orders")), unique("protobuf-sink")
    id_ = registry.register(f"{topic}-value", PROTO)
    order = order_class()(item="pen", count=3, prices={"EUR": 250}, id=7)
    order.parts.add(ok=True)
    order.parts.add()
    prefix = struct.pack(">bI", 0, id_) + b"\x02\x02"  # the second message of the file
    topics.produce(topic, [(None, prefix + order.SerializeToString())])
    out = folder / f"{name}.txt"
    worker.put(name, {"connector.class": "FileStreamSink", "topics": topic, "file": str(out), **converter(registry)})
    line = eventually("a line in the file", lambda: out.exists() and out.read_text())
    assert line == ("Struct{buyer_0=Struct{id=7},item=pen,count=3,prices={EUR=250},"
                    "parts=[Struct{ok=true}, Struct{ok=false}]}\n")
    worker.delete(name)


def test_source_writes_what_googles_runtime_reads(worker, topics, unique, registry, folder):
    topic, name = topics.create(unique("lines")), unique("protobuf-source")
    file = folder / f"{name}.txt"
    file.write_text("grüße\n")
    worker.put(name, {"connector.class": "FileStreamSource", "topic": topic, "file": str(file), **converter(registry)})
    value = topics.read(topic, 1)[0].value()
    magic, id_ = struct.unpack(">bI", value[:5])
    subject, text, kind = registry.schemas[id_ - 1]
    assert (magic, subject, kind) == (0, f"{topic}-value", "PROTOBUF")
    assert "message StringValue {" in text
    assert value[5:7] == b"\x02\x0e"  # the eighth message of google/protobuf/wrappers.proto
    assert wrappers_pb2.StringValue.FromString(value[7:]).value == "grüße"
    worker.delete(name)
