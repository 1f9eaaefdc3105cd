"""Converters, transforms, predicates and header converters from shared objects: examples/hello_parts in a worker and in
`kconnectd transform`."""
import json
import pathlib
import subprocess

from servers import eventually
from worker import BINARY

PARTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "hello_parts"
CHAIN = {"value.converter": "CsvConverter", "value.converter.csv.separator": ",", "key.converter": "examples.CsvConverter",
         "header.converter": "HexHeaderConverter", "transforms": "big,redact", "transforms.big.type": "Filter",
         "transforms.big.predicate": "big", "transforms.redact.type": "RedactDigits", "transforms.redact.replacement": "*",
         "predicates": "big", "predicates.big.type": "ValueLongerThan", "predicates.big.bytes": "20"}
KINDS = {("examples.CsvConverter", "converter"), ("examples.HexHeaderConverter", "header_converter"),
         ("examples.RedactDigits", "transformation"), ("examples.ValueLongerThan", "predicate")}


def test_parts_in_a_worker(make_worker, topics, unique, tmp_path):
    worker = make_worker(plugin__path=PARTS)
    plugins = worker.rest("GET", "/connector-plugins?connectorsOnly=false")[1]
    assert KINDS <= {(p["class"], p["type"]) for p in plugins}
    assert all(p["version"] == "1.0" for p in plugins if p["class"].startswith("examples."))
    options = worker.rest("GET", "/connector-plugins/examples.RedactDigits/config")[1]
    assert [(o["name"], o["default_value"]) for o in options] == [("replacement", "#")]
    t, dead, out = topics.create(unique("t")), topics.create(unique("dead")), tmp_path / "out.txt"
    config = {"connector.class": "FileStreamSink", "topics": t, "file": str(out), "errors.tolerance": "all",
              "errors.deadletterqueue.topic.name": dead, "name": "parts", **CHAIN}

    def errors(**changed):
        body = worker.rest("PUT", "/connector-plugins/FileStreamSink/config/validate", {**config, **changed})[1]
        return {c["value"]["name"]: c["value"]["errors"] for c in body["configs"] if c["value"]["errors"]}

    assert errors() == {}
    wrong = errors(**{"transforms.redact.replacement": "xx", "predicates.big.bytes": "-1", "value.converter.csv.separator": ""})
    assert wrong == {"transforms.redact.replacement": ["Invalid value xx for configuration replacement: must be one character"],
                     "predicates.big.bytes": ["Invalid value -1 for configuration bytes: Value must be at least 0"],
                     "value.converter.csv.separator": ["Invalid value  for configuration csv.separator: must be one character"]}
    topics.produce(t, [(b"k", b"Ann,4111"), (b"k", b"this line is longer than that"), (b"k", b"7")])
    worker.put("parts", config)
    worker.wait_state("parts", tasks=1)
    eventually("lines", lambda: out.exists() and out.read_text() == "[Ann, ****]\n[*]\n")
    worker.delete("parts")


def bench(config, lines, tmp_path):
    file = tmp_path / "connector.json"
    file.write_text(json.dumps(config))
    done = subprocess.run([BINARY, "transform", "--plugin-path", PARTS, "--config", file], input=lines, text=True,
                          capture_output=True, timeout=30)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_parts_in_the_bench(tmp_path):
    record = {"topic": "t", "partition": 1, "offset": 5, "value": "Ann,41", "headers": [{"key": "h", "value": "AB"}]}
    sink = {"connector.class": "FileStreamSink", "topics": "t", **CHAIN}
    code, out, err = bench(sink, json.dumps(record) + "\n" + json.dumps({"value": "a" * 30}), tmp_path)
    assert (code, err) == (0, "")
    assert out[0]["value"] == ["Ann", "**"] and out[1] == {"dropped": True}
    assert out[0]["headers"][0]["value"] == "4142"


def test_a_bad_record_in_the_bench(tmp_path):
    config = {"connector.class": "FileStreamSink", "topics": "t", "transforms": "r", "transforms.r.type": "RedactDigits"}
    value = {"schema": {"type": "struct", "fields": [{"field": "a", "type": "int8"}]}, "payload": {"a": 1}}
    code, out, err = bench(config, json.dumps({"topic": "t", "partition": 3, "offset": 7, "value": value}), tmp_path)
    assert code == 1 and err == "kconnectd: transform: 1 records failed\n"
    assert out == [{"error": "org.apache.kafka.connect.errors.DataException: RedactDigits works on texts, arrays and maps, not on structs",
                    "stage": "TRANSFORMATION", "transform": "r", "class": "examples.RedactDigits", "topic": "t", "partition": 3,
                    "offset": 7, "line": 1}]
